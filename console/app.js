document.title = "Leasehold";

"""What the ledger's two histories say was leased, in service, paid and saved. Pure.

`steps` has the changes of leases, `service` what SageMaker did, `tariff` what hours cost when, and
`account` puts them together. Instants are whole seconds since 1970, in UTC: a long history has
many, and sums have to be right to the second.
"""

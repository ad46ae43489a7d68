import collections, time
from tests import test_chaos, chaos
from tests.test_chaos import TestChaos
C=collections.Counter()
orig=chaos.Inspector.tick
def tick(self, faults, *, git_is_up):
    t=orig(self, faults, git_is_up=git_is_up)
    C["ticks"]+=1
    C["faulty"]+=bool(faults); C["none"]+=t is None
    if t:
        for o in t.outcomes: C[str(o.action.verb), str(o.state), o.code]+=1
        for a in t.plan.actions:
            if str(a.verb) in("wait","report","hold"): C[str(a.verb)]+=1
    return t
chaos.Inspector.tick=tick
oc=chaos.Inspector._check_ended
def ce(self,name,wish,before,after,tick):
    was=before.get(chaos.endpoint(name))
    C["ended?", wish.wanted, was and was.status]+=1
    return oc(self,name,wish,before,after,tick)
chaos.Inspector._check_ended=ce
def test_zz():
    for k,v in sorted(C.items(), key=str): print(k,v)

from hypothesis import given, settings, HealthCheck, strategies as st
import pytest
from tests.support.otlp import *
from schema.encode import requests as encoded
import orjson
REPAIRED={s:[i for i,c in enumerate(COLUMNS[s]) if c=="repaired"][0] for s in Signal}
def clean(batch): return [row[:-1] for row in batch.rows]
@pytest.mark.parametrize("signal", Signal)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_rt(signal,data):
    b=read_json(signal, twin(data.draw(requests[signal])))
    again=[]
    for r in encoded(signal, items(b), max_items=2):
        bb=read_json(signal, r); assert not bb.rejections, bb.message
        again+=clean(bb)
        for k,v in bb.resources.items(): assert b.resources[k]==v
        for k,v in bb.scopes.items(): assert b.scopes[k]==v
    assert clean(b)==again

"""Values that nobody thought of: whatever a job or an option is given, the answer is a sentence or a result."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amalgamics.cli.main import VERBS, app
from amalgamics.tests.corpus.made import BASE
from amalgamics.tests.corpus.runner import MOST_CPU_S, run
from amalgamics.workflows.spec import WorkflowSpec
from amalgamics.workflows.spec_messages import models_in

ODD_NUMBERS = ("nan", "inf", "-inf", "-1", "0", "1e400", "-1e-400", "9" * 400, "1_0", "0x1", "1/2")
NO_NAMES = ("", " ", "\0", "\x1b[31m", "x" * 3000, "\ud800", "a\nb", "~nosuchuser/a", "s3://bucket/a")
ODD_TEXTS = (*NO_NAMES, "ü", "-", "--", "--json", "%s", "${HOME}", "'")
# Each writes, works or asks a server when its options are right.
NOT_TRIED = {"serve", "lpad", "rlaunch", "doctor", "launch", "run", "recover", "benchmarks"}
NEEDED = {
    "hull": ["Li-Hg"],
    "phonons": ["Li-Hg"],
    "report": ["Li-Hg"],
    "submit": ["none.yaml"],
    "results": ["none.yaml"],
    "diffraction": ["LiHg3"],
}

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**25), 10**25),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from([*ODD_NUMBERS, *ODD_TEXTS]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def places(model: Any = WorkflowSpec, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every key of a job, those of sections included."""
    for name, field in model.model_fields.items():
        yield (*path, name)
        for inner in models_in(field.annotation):
            yield from places(inner, (*path, name))


def options() -> Iterator[tuple[str, str]]:
    """Yield every option that takes a value, with its verb."""
    group = typer.main.get_command(app)
    for verb in VERBS:
        if verb not in NOT_TRIED:
            for one in group.get_command(None, verb).params:
                if one.param_type_name == "option" and not one.is_flag:
                    yield verb, one.opts[0]


def as_yaml(value: Any) -> str:
    """Write a value in JSON, which is YAML but for the numbers that are none."""
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    if isinstance(value, list):
        return f"[{', '.join(map(as_yaml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(key)}: {as_yaml(item)}' for key, item in value.items())}}}"
    return json.dumps(value)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(sorted(set(places()))), value=values)
def test_any_value_of_a_job_is_taken_or_refused(place: tuple[str, ...], value: Any, folder: Path) -> None:
    top, *inner = place
    text = as_yaml(value)
    for key in reversed(inner):
        text = f"{{{key}: {text}}}"
    lines = BASE | {"output": "output: report"} | {top: f"{top}: {text}"}
    (folder / "job.yaml").write_text("\n".join(lines.values()) + "\n", encoding="utf-8", errors="replace")
    outcome = run(["results", "job.yaml", "--database", "none.db"], folder)  # reads the job and stops
    assert not outcome.problems(), f"{'; '.join(outcome.problems())}\n{text}\n{outcome.err}"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=400) | st.text(max_size=400).map(lambda text: text.encode(errors="replace")))
def test_any_content_of_a_job_file_is_refused(content: bytes, folder: Path) -> None:
    (folder / "job.yaml").write_bytes(content)
    outcome = run(["submit", "job.yaml"], folder)
    assert not outcome.problems(), f"{'; '.join(outcome.problems())}\n{content!r}\n{outcome.err}"


@pytest.mark.parametrize(("verb", "option"), options())
def test_odd_values_of_an_option_end_in_a_sentence_or_a_result(verb: str, option: str, finished: Path) -> None:
    # Most odd names can be those of a folder.
    for value in NO_NAMES if option == "--output" else (*ODD_NUMBERS, *ODD_TEXTS):
        outcome = run([verb, *NEEDED.get(verb, []), option, value], finished)
        said = f"{verb} {option} {value[:20]!r}: {outcome.code}\n{outcome.err[-2000:]}"
        assert outcome.code in (0, 2), said
        assert "Traceback" not in outcome.err, said
        assert outcome.cpu_s <= MOST_CPU_S, said
        if outcome.code == 2:
            assert not outcome.problems(), f"{'; '.join(outcome.problems())}\n{said}"

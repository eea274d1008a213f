"""Same seed, same input: the same bytes out, in any process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from services.network.folder import load
from services.simulator.check import check
from services.simulator.demand import demand_of, write_demand
from services.simulator.generator import generate_day
from services.simulator.output_folder import OWN_FILES


def test_two_processes_write_the_same_bytes(demo: Path, project: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(demo, tmp_path / "territory"))
    with (copied / "territory.yaml").open("a") as settings:
        settings.write("\nparking:\n  strategy: forecast\n")
    day = generate_day(load(demo), seed=2)
    demand = tmp_path / "demand.csv"
    write_demand(demand_of(day.trips[:150]), demand)
    running = [
        subprocess.Popen(
            [
                sys.executable,
                *("-m", "tests.simulation.same_bytes"),
                *(str(copied), str(demand), str(tmp_path / hash_seed)),
            ],
            cwd=project,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for hash_seed in ("1", "2")
    ]
    said = [process.communicate(timeout=300)[0].splitlines()[-1] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert said[0] == said[1], "what a zone said in a harsh day"
    written = {path.name for path in (tmp_path / "1").iterdir()}
    assert written == {path.name for path in (tmp_path / "2").iterdir()} <= set(OWN_FILES)
    assert {"kpis.json", "rides.parquet", "visits.parquet", "legs.parquet"} < written
    for name in sorted(written - {"timing.json"}):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes(), name
    verdict = check(tmp_path / "1", None, None)
    assert verdict.clean
    kpis = json.loads((tmp_path / "1" / "kpis.json").read_text())
    assert kpis["waiting_km"] > 0, "nobody was sent anywhere to wait"

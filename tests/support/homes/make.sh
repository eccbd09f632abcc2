#!/bin/sh
# Makes home.tar.gz, a backup and the tables beside it, with the last program of a format:
#   git worktree add /tmp/old 8b81e75 && make -C /tmp/old .venv/.installed
#   sh tests/support/homes/make.sh /tmp/old/.venv/bin/dakl format_0
# Only for the record: a fixture is frozen, and a new run would have another key and other moments.
set -eu
dakl=$1
here=$(cd "$(dirname "$0")" && pwd)/$2
mkdir -p "$here"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
unset DAKL_HOME DAKL_PSEUDONYM_KEY DAKL_PSEUDONYM_KEY_FILE || true
"$dakl" key create --home home
"$dakl" generate --out world --persons 45 --suppliers 4 --year 2023 --year 2024 --seed 9
cp -r world/registers home/
# All that the suppliers of the synthetic country did is counted, then a correction and a withdrawal for each year.
python3 - "$dakl" <<'PY'
import csv, subprocess, sys
from collections import Counter
dakl = sys.argv[1]
# Its name since format 1.
explain = "explain-finding" if "explain-finding" in subprocess.run([dakl, "--help"], capture_output=True, text=True).stdout else "explain"

def do(*arguments, codes=(0, 1)):
    done = subprocess.run([dakl, *arguments, "--home", "home"], stdout=subprocess.DEVNULL)
    assert done.returncode in codes, arguments

with open("world/timeline.csv") as file:
    events = list(csv.DictReader(file))
print(Counter((each["kind"], each["reporting_year"]) for each in events))
approved = [each for each in events if each["kind"] == "deliver" and each["is_expected_approved"] == "True"]
last = {(each["supplier_id"], each["reporting_year"]): each for each in approved}
# Of these nothing is left to correct or withdraw.
for each in events:
    if each["kind"] == "withdraw":
        last.pop((each["supplier_id"], each["reporting_year"]), None)

def play(each):
    at = each["received_at"]
    if each["file"]:
        do("deliver", f"world/{each['file']}", "--supplier", each["supplier_id"], "--received-at", at)
    else:
        do("withdraw", "--supplier", each["supplier_id"], "--year", each["reporting_year"], "--at", at)

for each in events:
    play(each)
do("run", "--year", "2023", "--year", "2024", "--jobs", "1", codes=(0,))
for year in ("2023", "2024"):
    # A correction without the last row of the file, and a withdrawal of another supplier.
    of_year = sorted((key, each) for key, each in last.items() if key[1] == year)
    (supplier, _), each = of_year[0]
    lines = open(f"world/{each['file']}", encoding="utf-8").read().splitlines(keepends=True)
    name = each["file"].rpartition("/")[2].replace(".csv", "_correctie.csv")
    with open(name, "w", encoding="utf-8") as file:
        file.writelines(lines[:-1])
    do("deliver", name, "--supplier", supplier, "--received-at", each["received_at"], codes=(0,))
    (supplier, _), _ = of_year[1]
    do(explain, "Een nieuwe locatie", "--supplier", supplier, "--year", year, "--rule", "long_open", codes=(0,))
    do("withdraw", "--supplier", supplier, "--year", year, "--at", "2025-07-01T12:00", codes=(0,))
do("run", "--year", "2023", "--year", "2024", "--jobs", "1", codes=(0,))
for table in ("unique_person_counts", "coverage", "supplier_overlap"):
    do("export", f"statistics.{table}", "--out", f"{table}.csv", codes=(0,))
PY
# Kept small: the warehouse is made again, and of reports and events of runs those of one supplier are enough or none.
rm -rf home/dagster/history/runs home/dagster/storage home/dagster/.logs_queue home/dagster/logs
rm -f home/warehouse.duckdb home/.warehouse*
find home/reports -mindepth 2 -maxdepth 2 -type d ! -path 'home/reports/2024/gemeente-amsterdam' -exec rm -r {} +
tar --sort=name --owner=0 --group=0 --numeric-owner -c home | gzip -9n > "$here/home.tar.gz"
cp unique_person_counts.csv coverage.csv supplier_overlap.csv "$here/"
"$dakl" backup --out "$here/backup.tar.gz" --home home

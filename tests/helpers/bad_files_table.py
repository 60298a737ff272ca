"""What each bad or odd file gives, from the command line and from the service, with the bundled weights.

`python tests/helpers/bad_files_table.py` prints the table.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from bad_files import BadFile, bad_files, write_all
from recorte.removal.network import BUNDLED_WEIGHTS
from service_process import running


def main() -> None:
    """Run the corpus through both."""
    files = bad_files()
    status, outcomes = from_the_command(files)
    print("| file | must give | `recorte` | service |\n|---|---|---|---|")
    with running(BUNDLED_WEIGHTS) as (client, _):
        for file in files:
            wanted = "an error" if file.size is None else f"{file.size[0]} x {file.size[1]}"
            answer = client.post("/cutout", files={"file": (file.name, file.content)})
            name = ascii(file.name)[1:-1][:40].replace("|", "\\|")
            print(f"| {name} | {wanted} | {outcomes.get(file.name, 'nothing')} | {told(answer)} |")
    print(f"\n{len(files)} files; exit status of the command {status}")


def from_the_command(files: list[BadFile]) -> tuple[int, dict[str, str]]:
    """Give the exit status of one command for all the files, and what it says of each."""
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder, "photos")
        write_all(files, photos)
        command = [sys.executable, "-m", "recorte", photos, "-o", Path(folder, "cut"), "--json"]
        answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    outcomes = [json.loads(line) for line in answer.stdout.splitlines()]
    return answer.returncode, {
        Path(outcome["photo"]).name: (outcome["error"] or outcome["status"]).rpartition(": ")[2].partition(";")[0]
        for outcome in outcomes
    }


def told(answer: httpx.Response) -> str:
    """Give a status, and why."""
    return "200" if answer.is_success else f"{answer.status_code} {answer.json()['error'].partition(';')[0]}"


if __name__ == "__main__":
    main()

"""axe-core, which finds barriers for people who use a keyboard, a screen reader or high contrast.

npm installs it into a temporary folder. It is injected through the debugger, so that the
Content-Security-Policy of the pages stays strict.
"""

import json
import shutil
import subprocess
from pathlib import Path

VERSION = "4.14.1"
#: The grades of axe-core that fail a test; the others are "minor" and "moderate".
GRADES = ("serious", "critical")
RUN = """
axe.run(PART, {resultTypes: ["violations"]}).then(found => JSON.stringify(
    found.violations.flatMap(rule => rule.nodes.map(
        node => [rule.impact, rule.id, node.target.join(" "), node.failureSummary]))))
"""


def reason_to_skip():
    """Return the reason why axe-core cannot be installed, or ""."""
    return "" if shutil.which("npm") else "npm not found: apt-get install npm"


def install(folder):
    """Install axe-core with npm into a folder, and return its source."""
    command = ["npm", "install", "--no-fund", "--no-audit", "--ignore-scripts"]
    result = subprocess.run(
        [*command, f"axe-core@{VERSION}"], cwd=folder, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    return Path(folder, "node_modules/axe-core/axe.min.js").read_text("utf-8")


def violations(browser, source, part="html"):
    """Return what axe-core finds on the open page: the grade, the rule, the element and why.

    ``part`` is the selector of the part to examine.
    """
    assert browser.find_all(part), part
    evaluate(browser, source)
    found = json.loads(evaluate(browser, RUN.replace("PART", json.dumps(part))))
    return [each for each in found if each[0] in GRADES]


def evaluate(browser, script):
    """Run a script through the debugger, to which the policy of the page does not apply."""
    answer = browser.driver.execute_cdp_cmd(
        "Runtime.evaluate", {"expression": script, "awaitPromise": True, "returnByValue": True}
    )
    assert "exceptionDetails" not in answer, answer["exceptionDetails"]
    return answer["result"].get("value")

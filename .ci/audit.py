"""Look up known vulnerabilities of the installed packages; fail if there is one.

If the advisory database cannot be reached, print that and succeed.
"""

import json
import subprocess
import sys

command = [sys.executable, "-m", "pip_audit", "--format", "json", "--skip-editable"]
try:
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    packages = json.loads(result.stdout)["dependencies"]
except (subprocess.TimeoutExpired, ValueError, KeyError):
    print("The advisory database cannot be reached.")
    sys.exit(0)
audited = [each for each in packages if "skip_reason" not in each]
vulnerable = [each for each in audited if each["vulns"]]
for each in vulnerable:
    for advisory in each["vulns"]:
        versions = ", ".join(advisory["fix_versions"]) or "no version"
        print(f"{each['name']} {each['version']}: {advisory['id']}, fixed in {versions}")
print(f"{len(audited)} of {len(packages)} packages audited, {len(vulnerable)} vulnerable.")
sys.exit(1 if vulnerable else 0)

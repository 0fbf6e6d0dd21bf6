"""The admin in Chromium, operated by the names of buttons and fields."""

import shutil
from contextlib import contextmanager

try:
    from selenium import webdriver
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.expected_conditions import number_of_windows_to_be, staleness_of
    from selenium.webdriver.support.ui import Select, WebDriverWait
except ImportError:  # the tests are then listed and skipped
    webdriver = Keys = WebDriverWait = None

PATIENCE = 10  # seconds
WIDE, NARROW = (1280, 900), (400, 800)
ROOT = "/admin/django_scim/"
FLAGS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu")
NAMED = (
    "//main//*[self::a or self::button or self::summary][normalize-space()={0}]"
    " | //main//input[@type='submit'][@value={0}]"
)


def reason_to_skip():
    """Return the reason why these tests cannot run, or ""."""
    if webdriver is None:
        return "selenium is not installed"
    missing = [name for name in ("chromium", "chromedriver") if not shutil.which(name)]
    return f"{' and '.join(missing)} not found" if missing else ""


def start():
    """Start the installed Chromium without downloading anything."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    return webdriver.Chrome(options=options, service=service)


class Browser:
    """The browser window of one user."""

    def __init__(self, driver, base):
        self.driver = driver
        self.base = base

    # Pages

    def open(self, path, root=ROOT):
        self.driver.get(f"{self.base}{root}{path}")
        return self.text

    @property
    def path(self):
        return self.driver.current_url.removeprefix(self.base)

    @property
    def text(self):
        """The visible text of the page."""
        return (self.find_all("main") or self.find_all("body"))[0].text

    def find(self, css):
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def find_all(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def console_errors(self):
        """Return the errors logged to the console since the last call."""
        log = self.driver.get_log("browser")
        severe = [entry["message"] for entry in log if entry["level"] == "SEVERE"]
        return [each for each in severe if "/favicon.ico" not in each]  # the site has none

    # Actions

    def button(self, name):
        """Return the button or link with that name."""
        (found,) = self.driver.find_elements(By.XPATH, NAMED.format(f'"{name}"'))
        return found

    def press(self, button):
        """Press a button, given by name or as an element; return the text of the next page."""
        with self.wait_for_next_page():
            (self.button(button) if isinstance(button, str) else button).click()
        return self.text

    @contextmanager
    def wait_for_next_page(self):
        """Wait for the next page at the end of the block."""
        page = self.find("html")
        yield
        # While the page changes, the driver may know neither the old element nor that it is gone.
        wait = WebDriverWait(self.driver, PATIENCE, ignored_exceptions=[WebDriverException])
        wait.until(staleness_of(page))

    def field(self, label):
        """Return the field of a label."""
        path = f"//label[normalize-space(translate(., ':', ''))='{label}']"
        element = self.driver.find_element(By.XPATH, path)
        return self.driver.find_element(By.ID, element.get_attribute("for"))

    def fill(self, label, text):
        field = self.field(label)
        field.clear()
        field.send_keys(text)

    def choose(self, label, text):
        Select(self.field(label)).select_by_visible_text(text)

    def tab(self):
        """Press Tab and return the focused element."""
        ActionChains(self.driver).send_keys(Keys.TAB).perform()
        return self.driver.switch_to.active_element

    @contextmanager
    def popup(self):
        """Switch to the window that has just opened, until it closes."""
        own = self.driver.current_window_handle
        wait = WebDriverWait(self.driver, PATIENCE)
        wait.until(number_of_windows_to_be(2))
        (other,) = {*self.driver.window_handles} - {own}
        self.driver.switch_to.window(other)
        yield
        wait.until(number_of_windows_to_be(1))
        self.driver.switch_to.window(own)

    # Appearance

    def emulate(self, size=WIDE, scheme="light"):
        """Set the size of the window and the colour scheme."""
        width, height = size
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

#!/usr/bin/env python3
"""A page in headless Chromium, as a person has it: browser.py PAGE.html STEPS.json > ANSWER.json

STEPS is a list, done in order on one page; each answers with one value:
  {"size": [WIDTH, HEIGHT]}            the window, in CSS pixels, whatever its least width
  {"media": "print" | "screen"}, {"dark": true}
  {"load": true}                       the page from the beginning
  {"run": "JavaScript"}                the value of an expression, or of a promise
  {"move": [X, Y]}, {"press": [X, Y]}  the mouse
  {"drag": [X1, Y1, X2, Y2]}
  {"picture": "FILE.png"}              the whole page, or "clip": [X, Y, WIDTH, HEIGHT] of it
  {"paper": "FILE.pdf", "inches": [8.27, 11.69]}
The answer: {"answers": [...], "errors": [what the console was told as an error, exceptions, requests]}.
"""

import base64
import fcntl
import json
import os
import subprocess
import sys
import tempfile


class Browser:
    """Chromium's own protocol over two pipes: one JSON object after another, a zero byte behind each."""

    def __init__(self, folder):
        to_read, to_write = os.pipe()
        from_read, from_write = os.pipe()

        # By way of numbers that are none of the four: one of these may be 3 or 4 itself.
        def hand_over():
            given, taken = fcntl.fcntl(to_read, fcntl.F_DUPFD, 10), fcntl.fcntl(from_write, fcntl.F_DUPFD, 10)
            os.dup2(given, 3)
            os.dup2(taken, 4)

        # As root Chromium refuses to run in its sandbox; the page is ours.
        self.process = subprocess.Popen(
            ["chromium-headless-shell", "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
             "--hide-scrollbars", "--disable-dev-shm-usage", "--user-data-dir=" + folder, "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            close_fds=False, preexec_fn=hand_over)
        os.close(to_read)
        os.close(from_write)
        self.to, self.back = os.fdopen(to_write, "wb"), os.fdopen(from_read, "rb")
        self.number, self.buffer, self.events, self.session = 0, b"", [], None

    def receive(self):
        while b"\0" not in self.buffer:
            more = os.read(self.back.fileno(), 1 << 16)
            if not more:
                sys.exit("browser.py: chromium-headless-shell ended")
            self.buffer += more
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.to.write(json.dumps(message).encode() + b"\0")
        self.to.flush()
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit(f"browser.py: {method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, event):
        while True:
            for index, known in enumerate(self.events):
                if known.get("method") == event:
                    return self.events.pop(index)
            self.events.append(self.receive())

    def attach(self):
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(domain + ".enable")

    def close(self):
        self.session = None
        try:
            self.ask("Browser.close")
        except SystemExit:
            pass
        self.process.wait()


def mouse(browser, kind, x, y, button="none", buttons=0):
    browser.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, buttons=buttons,
                clickCount=0 if kind == "mouseMoved" else 1)


def drag(browser, x1, y1, x2, y2):
    mouse(browser, "mouseMoved", x1, y1)
    mouse(browser, "mousePressed", x1, y1, "left", 1)
    for part in range(1, 6):
        mouse(browser, "mouseMoved", x1 + (x2 - x1) * part / 5, y1 + (y2 - y1) * part / 5, "left", 1)
    mouse(browser, "mouseReleased", x2, y2, "left", 0)


def run(browser, text):
    answer = browser.ask("Runtime.evaluate", expression=text, returnByValue=True, awaitPromise=True)
    if "exceptionDetails" in answer:
        details = answer["exceptionDetails"]
        sys.exit(f"browser.py: {text[:80]}: {details.get('exception', {}).get('description', details['text'])}")
    return answer["result"].get("value")


class Steps:
    def __init__(self, browser, page):
        self.browser, self.page, self.media = browser, "file://" + os.path.abspath(page), {"media": "", "features": []}

    def size(self, value):
        self.browser.ask("Emulation.setDeviceMetricsOverride", width=value[0], height=value[1], deviceScaleFactor=1,
                         mobile=False)

    def media_set(self):
        self.browser.ask("Emulation.setEmulatedMedia", **self.media)

    def do_media(self, value):
        self.media["media"] = value
        self.media_set()

    def do_dark(self, value):
        self.media["features"] = [{"name": "prefers-color-scheme", "value": "dark" if value else "light"}]
        self.media_set()

    def do_load(self, value):
        self.browser.ask("Page.navigate", url=self.page)
        self.browser.wait_for("Page.loadEventFired")

    def picture(self, value, clip):
        where = {"clip": dict(zip(("x", "y", "width", "height"), clip), scale=1)} if clip else {}
        shot = self.browser.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True, **where)
        with open(value, "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def paper(self, value, inches):
        printed = self.browser.ask("Page.printToPDF", paperWidth=inches[0], paperHeight=inches[1], printBackground=True,
                                   preferCSSPageSize=False)
        with open(value, "wb") as file:
            file.write(base64.b64decode(printed["data"]))

    def do(self, step):
        if "size" in step:
            return self.size(step["size"])
        if "media" in step:
            return self.do_media(step["media"])
        if "dark" in step:
            return self.do_dark(step["dark"])
        if "load" in step:
            return self.do_load(step["load"])
        if "run" in step:
            return run(self.browser, step["run"])
        if "move" in step:
            return mouse(self.browser, "mouseMoved", *step["move"])
        if "press" in step:
            mouse(self.browser, "mousePressed", *step["press"], "left", 1)
            return mouse(self.browser, "mouseReleased", *step["press"], "left", 0)
        if "drag" in step:
            return drag(self.browser, *step["drag"])
        if "picture" in step:
            return self.picture(step["picture"], step.get("clip"))
        if "paper" in step:
            return self.paper(step["paper"], step["inches"])
        sys.exit(f"browser.py: unknown step {step}")


def errors_of(events):
    errors = []
    for event in events:
        method, told = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            errors.append(told["exceptionDetails"].get("exception", {}).get("description", "exception"))
        if method == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
            errors.append(" ".join(str(one.get("value", one.get("description"))) for one in told["args"]))
        if method == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            errors.append(told["entry"]["text"])
        if method == "Network.requestWillBeSent" and not told["request"]["url"].startswith(("file:", "data:", "about:")):
            errors.append("asked for " + told["request"]["url"])
    return errors


def main():
    page, steps = sys.argv[1], json.load(open(sys.argv[2], encoding="utf-8"))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(folder)
        browser.attach()
        does = Steps(browser, page)
        answers = [does.do(step) for step in steps]
        events = browser.events
        browser.close()
    json.dump({"answers": answers, "errors": errors_of(events)}, sys.stdout)


if __name__ == "__main__":
    main()

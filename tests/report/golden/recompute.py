#!/usr/bin/env python3
"""The numbers of the golden reports, computed again from what their runs were made of.

    tests/report/golden/recompute.py        every number, and which cells it says nothing of

The goldens are what the program printed; that they are right was checked by this script, which shares nothing with the
program: the standard library alone, the made-up losses, clocks, prices and models of tests/report/fixture_runs.hpp
written down once more, the paper's numbers from tests/report/claims.toml, and the arithmetic from the definitions in
ARCHITECTURE.md and in the notes below each table. Run it when a golden changes. Exit code 1 when a number differs.
"""
import csv
import math
import pathlib
import re
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent

# ---- what the runs are made of

BATCH, SEQUENCE, FULL_STEPS, SUBMODEL_STEPS, EXPERTS = 16, 64, 80, 20, 4
LADDER = [10, 20, 40, 60]  # of the fine-tune; the full run's own has 80 besides
TOLERANCE, WINDOW = 0.005, 10
STEP_SECONDS = {"full": 0.1, "submodel": 0.06}
EVAL, CHECKPOINT, OTHER = 0.8, 0.2, 0.5  # seconds of every training
PREPARE, CLUSTER, MERGE = 6.5, 0.5, 0.5
PRICE = {"cheap": 0.35, "dear": 2.28}  # dollars an hour
PEAK = {"cheap": 165.2, "dear": 312.0}  # bf16 TFLOP/s of the data sheets
TOKENS_OF_CORPUS, WINDOWS_OF_CORPUS, TOKENS_OF_CLUSTERS = 10000, 156, [4100, 2900, 2200, 800]
GAIN = {"c4": 0.9, "wikitext2": 0.6}  # nats from a fine-tune to one of four times its steps
MODEL = dict(vocabulary=4096, width=128, layers=2, heads=2, head_width=64, experts=4, top_k=4, expert=88, shared=352)
PAPER_MODEL = dict(vocabulary=151936, width=2048, layers=24, heads=16, head_width=128, experts=4, top_k=4, expert=1408, shared=5632)
PAPER_SEQUENCE = 1024
TITLE = {"c4": "C4", "wikitext2": "WikiText-2"}
CELL = {"c4": "Qwen / C4 > web", "wikitext2": "Qwen / WikiText-2 > wiki"}


def tuned_loss(corpus, steps):
    return 5.9 - GAIN[corpus] * math.log(steps / 10) / math.log(4)


def full_loss(steps):
    return 5.0 + 0.01 * max(0, FULL_STEPS - steps)


TARGET = full_loss(FULL_STEPS) + TOLERANCE
RELATIVE = PEAK["dear"] / PEAK["cheap"]  # how much longer a step takes on the cheap device

# ---- models


def one_expert(model):
    return dict(model, experts=1, top_k=1)


def parameters(m):
    """Of biased attention, SwiGLU experts and a shared one with its gate, a linear router, untied tables."""
    inner = m["heads"] * m["head_width"]
    counts = dict(embedding=m["vocabulary"] * m["width"], head=m["vocabulary"] * m["width"],
                  attention=m["layers"] * 4 * m["width"] * inner, bias=m["layers"] * 3 * inner,
                  norms=(2 * m["layers"] + 1) * m["width"], shared=m["layers"] * 3 * m["width"] * m["shared"],
                  gate=m["layers"] * m["width"], experts=m["layers"] * m["experts"] * 3 * m["width"] * m["expert"],
                  router=m["layers"] * m["width"] * m["experts"] if m["experts"] > 1 else 0)
    counts["active"] = counts["experts"] * m["top_k"] // m["experts"]
    return counts


def flops(convention, m, sequence):
    """Of a token's training, as each published code counts them."""
    n = parameters(m)
    everything = sum(count for name, count in n.items() if name != "active")
    matmul = n["attention"] + n["active"] + n["shared"] + n["head"]
    scores = 12 * m["layers"] * m["heads"] * m["head_width"] * sequence
    return {"palm": 6 * matmul + scores, "nanogpt": 6 * everything + scores,
            "foundry": 6 * everything + 12 * m["layers"] * m["width"] * sequence,
            "torchtitan": 6 * (everything - n["embedding"] - n["experts"] + n["active"]) + scores,
            "olmo": 6 * (n["attention"] + n["bias"] + n["router"] + n["shared"] + n["gate"] + n["active"] + n["head"] + m["width"]) + scores,
            "nanochat": 6 * (matmul + n["router"] + n["gate"]) + scores, "megatron": 6 * matmul + scores // 2}[convention]


# ---- where the fine-tune stands


def steps_to_target(corpus):
    """(estimate, the rung before, the rung that reaches); the rung None: none does."""
    before = None
    for steps in LADDER:
        loss = tuned_loss(corpus, steps)
        if loss <= TARGET:
            loss_before = tuned_loss(corpus, before)
            part = (loss_before - TARGET) / (loss_before - loss)
            return math.exp(math.log(before) + part * math.log(steps / before)), before, steps
        before = steps
    return float(before), before, None


def first_touch(corpus):
    """Inside the longest fine-tune: the window mean that first is at the baseline's loss, as text."""
    steps, final = LADDER[-1], tuned_loss(corpus, LADDER[-1])
    losses = [final + (3 * math.exp(-6 * step / steps) if step <= steps - WINDOW else 0) for step in range(1, steps + 1)]
    points = [(step, sum(losses[step - WINDOW:step]) / WINDOW) for step in range(WINDOW, steps + 1)]
    for (a, loss_a), (b, loss_b) in zip(points, points[1:]):
        if loss_b <= TARGET:
            part = (loss_a - TARGET) / (loss_a - loss_b)
            return f"{math.exp(math.log(a) + part * math.log(b / a)):.0f} ({a} to {b}]"
    return f">= {steps}"


class Work:
    """Of the fine-tune stopping after so many steps, against the full run."""

    def __init__(self, steps, relative=RELATIVE):
        submodel = SUBMODEL_STEPS * STEP_SECONDS["submodel"] * relative  # seconds, on its own device
        self.steps = steps
        self.full_hours = FULL_STEPS * STEP_SECONDS["full"] / 3600
        self.s_hours = submodel / 3600
        self.f_hours = steps * STEP_SECONDS["full"] / 3600
        self.full_cost = self.full_hours * PRICE["dear"]
        self.s_cost = EXPERTS * self.s_hours * PRICE["cheap"]
        self.f_cost = self.f_hours * PRICE["dear"]
        self.total_cost = self.s_cost + self.f_cost
        self.total_hours = self.s_hours + self.f_hours
        self.saving = 1 - self.total_cost / self.full_cost
        self.break_even_ratio = (self.full_hours - self.f_hours) / (EXPERTS * self.s_hours)
        self.step_speedup = FULL_STEPS / steps
        self.wall_speedup = self.full_hours / self.total_hours
        self.sample_ratio = (EXPERTS * SUBMODEL_STEPS + steps) / FULL_STEPS
        self.device_hour_ratio = (EXPERTS * self.s_hours + self.f_hours) / self.full_hours
        self.flop_ratio_megatron, self.flop_ratio_palm = self.flop_ratio("megatron"), self.flop_ratio("palm")

    def flop_ratio(self, convention):
        share = flops(convention, one_expert(MODEL), SEQUENCE) / flops(convention, MODEL, SEQUENCE)
        return (EXPERTS * SUBMODEL_STEPS * share + self.steps) / FULL_STEPS

    def billed(self):
        """Dollars by the runs' own clocks: of full, of all."""
        around = EVAL + CHECKPOINT + OTHER
        submodel = SUBMODEL_STEPS * STEP_SECONDS["submodel"] + around
        full = FULL_STEPS * STEP_SECONDS["full"] + around
        tune = self.steps * STEP_SECONDS["full"] + around
        return full / 3600 * PRICE["dear"], (EXPERTS * submodel * PRICE["cheap"] + tune * PRICE["dear"]) / 3600

    def overheads(self):
        """Clustering on the cheap device, which is slower, and merging on the dear one."""
        return (CLUSTER * RELATIVE * PRICE["cheap"] + MERGE * PRICE["dear"]) / 3600

    def break_even_speed(self):
        """At which ratio of speeds nothing is saved at these prices."""
        return (self.full_cost - self.f_cost) / (Work(self.steps, relative=1).s_cost)


# ---- what the paper prints


def paper_numbers():
    """By corpus: its rows of the three tables and what follows from them."""
    claims = tomllib.loads((HERE.parent / "claims.toml").read_text())
    rows = {corpus: {} for corpus in GAIN}
    for table in claims["table"]:
        names = [column["id"] for column in table["columns"]]
        for row in table["rows"]:
            if row[1] not in rows:
                continue  # a table by other rows: scores
            rows[row[1]].update({name: float(cell.replace(",", "")) for name, cell in zip(names, row[2:])})
    for p in rows.values():
        p["saving"] = 1 - p["total_cost"] / p["full_cost"]
        p["break_even_ratio"] = (p["full_hours"] - p["f_hours"]) / (EXPERTS * p["s_hours"])
        p["step_speedup"] = p["full_steps"] / p["disco_steps"]
        p["wall_speedup"] = p["full_hours"] / (p["s_hours"] + p["f_hours"])
        p["sample_ratio"] = (EXPERTS * p["max_steps"] + p["disco_steps"]) / p["full_steps"]
        p["device_hour_ratio"] = (EXPERTS * p["s_hours"] + p["f_hours"]) / p["full_hours"]
        for convention in ("megatron", "palm"):
            share = flops(convention, one_expert(PAPER_MODEL), PAPER_SEQUENCE) / flops(convention, PAPER_MODEL, PAPER_SEQUENCE)
            p["flop_ratio_" + convention] = (EXPERTS * p["max_steps"] * share + p["disco_steps"]) / p["full_steps"]
        share = flops("megatron", one_expert(PAPER_MODEL), PAPER_SEQUENCE) / flops("megatron", PAPER_MODEL, PAPER_SEQUENCE)
        p["device_speed"] = (p["full_steps"] / p["full_hours"]) / (p["max_steps"] * share / p["s_hours"])
    return rows


PAPER = paper_numbers()
PAPER_SPEED = sum(p["device_speed"] for p in PAPER.values()) / len(PAPER)  # the median of two
QUANTITIES = ["saving", "full_cost", "full_hours", "s_cost", "s_hours", "f_cost", "f_hours", "total_cost", "total_hours",
              "break_even_ratio", "step_speedup", "wall_speedup", "sample_ratio", "flop_ratio_megatron", "flop_ratio_palm", "device_hour_ratio"]
FALLS = {"saving", "break_even_ratio", "step_speedup", "wall_speedup"}  # with more steps of the fine-tune
FIXED = {"full_cost", "full_hours", "s_cost", "s_hours"}  # whatever the fine-tune's steps are

# ---- how numbers are written


def commas(value):
    return f"{int(math.floor(value + 0.5)):,}"


def significant(value, digits=3):
    before = math.floor(math.log10(abs(value))) + 1
    if before > digits and before > 3:
        return commas(value)
    return f"{value:.{min(9, max(0, digits - before))}f}"


def times(value):
    return significant(value) + "x"


def percent(value):
    return f"{100 * value:.1f} %"


def seconds(value):
    return significant(value) + " s"


def loss(value):
    return f"{value:.4f}"


# ---- the goldens


class Checks:
    def __init__(self):
        self.made = self.wrong = 0

    def number(self, where, found, expected):
        self.made += 1
        close = found != "" and math.isclose(float(found), expected, rel_tol=1e-11, abs_tol=1e-15)
        if not close:
            self.tell(where, found, repr(expected))

    def text(self, where, found, expected):
        self.made += 1
        if found != expected:
            self.tell(where, found, expected)

    def holds(self, where, text, part):
        """The part stands in the text, whatever its line breaks."""
        self.made += 1
        if " ".join(part.split()) not in " ".join(text.split()):
            self.tell(where, "not there", part)

    def tell(self, where, found, expected):
        self.wrong += 1
        print(f"{where}: {found!r}, computed: {expected!r}")


def check_csv(checks):
    rows = {row["id"]: row for row in csv.DictReader((HERE / "table.csv").open(newline=""))}
    for corpus in GAIN:
        estimate, before, reaching = steps_to_target(corpus)
        at = Work(estimate)
        for quantity in QUANTITIES:
            row = rows.pop(f"table3:qwen_moe:{corpus}:{quantity}")
            where = f"table.csv {row['id']}"
            here, paper = getattr(at, quantity), PAPER[corpus][quantity]
            checks.number(where + " paper", row["paper"], paper)
            checks.number(where + " here", row["here"], here)
            checks.number(where + " here_over_paper", row["here_over_paper"], here / paper)
            low = high = None
            bound = "="
            if quantity not in FIXED and reaching:
                low, high = sorted(getattr(Work(steps), quantity) for steps in (before, reaching))
            elif quantity not in FIXED:
                bound = "<=" if quantity in FALLS else ">="
                low, high = (None, here) if quantity in FALLS else (here, None)
            checks.text(where + " bound", row["bound"], bound)
            for name, end in (("low", low), ("high", high)):
                if end is None:
                    checks.text(f"{where} {name}", row[name], "")
                else:
                    checks.number(f"{where} {name}", row[name], end)
    checks.text("table.csv", sorted(rows), [])


def tables_of(markdown):
    """By title: rows of cells, unescaped and without marks of footnotes; cells that are looked at are counted."""
    tables, title = {}, "view"
    for line in markdown.splitlines():
        if line.startswith("## "):
            title = line[3:]
        if not line.startswith("| "):
            continue
        cells = [re.sub(r"<sup>\w+</sup>", "", cell).replace("\\", "") for cell in re.split(r"(?<!\\) \| ", line[2:-2])]
        tables.setdefault(title, []).append(cells)
    return {title: rows[1:] for title, rows in tables.items()}


class Report:
    """report.md, of whose tables each row is taken once."""

    def __init__(self, checks):
        self.checks = checks
        self.text = (HERE / "report.md").read_text()
        self.tables = tables_of(self.text)
        self.looked_at = set()

    def row(self, title, *beginning):
        for number, cells in enumerate(self.tables[title]):
            if tuple(cells[:len(beginning)]) == beginning:
                self.looked_at.add((title, number))
                return cells[len(beginning):]
        self.checks.tell(f"report.md, {title}", "no row", beginning)
        return [""] * 30

    def expect(self, title, beginning, expected):
        found = self.row(title, *beginning)
        for number, (one, other) in enumerate(zip(found, expected)):
            if other is not None:
                self.checks.text(f"report.md, {title}, {' / '.join(beginning)}, column {number + len(beginning)}", one, other)

    def left(self):
        return [title for title, rows in self.tables.items() for number, cells in enumerate(rows)
                if (title, number) not in self.looked_at and any(re.search(r"\d", cell) for cell in cells[1:])]


def bounded(corpus, falls, text):
    return text if steps_to_target(corpus)[2] else ("<= " if falls else ">= ") + text


def check_view(report, corpus):
    estimate, before, reaching = steps_to_target(corpus)
    at, p = Work(estimate), PAPER[corpus]
    cents = lambda dollars: significant(100 * dollars)
    total = f"{cents(at.total_cost)} = {cents(at.s_cost)}+{cents(at.f_cost)}" if reaching else ">= " + cents(at.total_cost)
    ends = [100 * Work(steps).saving for steps in (reaching, before)] if reaching else []
    saving = f"{100 * at.saving:.0f} % ({ends[0]:.0f} to {ends[1]:.0f})" if reaching else "not reached"
    paper_total = f"{p['total_cost']:.2f} = {p['s_cost']:.2f}+{p['f_cost']:.2f}"
    report.expect("view", ["Qwen", CELL[corpus][7:]],
                  [f"{p['full_cost']:.2f}", cents(at.full_cost), paper_total, total, percent(p["saving"]), saving])
    report.expect("Work behind the saving", [CELL[corpus]],
                  [times(getattr(at, q)) for q in ("step_speedup", "wall_speedup", "sample_ratio", "flop_ratio_megatron",
                                                   "flop_ratio_palm", "device_hour_ratio")])


def check_ladder(report, corpus):
    estimate, before, reaching = steps_to_target(corpus)
    rungs = ", ".join(f"{steps}: {loss(tuned_loss(corpus, steps))}" for steps in LADDER)
    # By unseen loss and by PPL each run's is as much above its training loss as the baseline's is.
    steps = f"{estimate:.0f} ({before} to {reaching}]" if reaching else f">= {before}"
    report.expect("Steps to the target", [CELL[corpus]],
                  [loss(TARGET), rungs, steps, significant(estimate / FULL_STEPS), first_touch(corpus), steps, steps, steps])
    deciding = reaching or before
    report.expect("Is the baseline a fair one?", [CELL[corpus], "full"], [loss(full_loss(FULL_STEPS))])
    # Where the bisected search ends: the smallest rung that holds, else the longest.
    report.expect("Is the baseline a fair one?", [CELL[corpus], "disco"], [loss(tuned_loss(corpus, deciding))])


def baseline_at(work):
    """The baseline's loss at so much of its whole run's work: log-linear between its own runs."""
    ladder = [(steps / FULL_STEPS, full_loss(steps)) for steps in LADDER + [FULL_STEPS]]
    for (a, loss_a), (b, loss_b) in zip(ladder, ladder[1:]):
        if a <= work <= b:
            return loss_a + math.log(work / a) / math.log(b / a) * (loss_b - loss_a)
    return None


def check_equal_work(report, corpus):
    spent = {"samples": lambda w: w.sample_ratio, "FLOPs": lambda w: w.flop_ratio_megatron,
             "device-hours": lambda w: w.device_hour_ratio, "dollars": lambda w: w.total_cost / w.full_cost}
    for equal, of in spent.items():
        spanned = [steps for steps in LADDER if baseline_at(of(Work(steps))) is not None]
        steps = spanned[-1] if spanned else LADDER[-1]
        work, own = of(Work(steps)), tuned_loss(corpus, steps)
        # Where its own runs span none, the baseline's longest stands there, which is its whole one.
        there = baseline_at(work) if spanned else full_loss(FULL_STEPS)
        shown = significant(work) if spanned else f"{significant(work)}, against 1.00"
        report.expect("The arms at equal work", [CELL[corpus], equal, "own"],
                      [str(steps), shown, loss(own), loss(there), f"{own - there:+.4f}", "-"])


def check_quality(report, corpus):
    models = [("full", full_loss(FULL_STEPS))] + [(f"fine-tune, {steps} steps", tuned_loss(corpus, steps)) for steps in LADDER]
    for name, final in models:
        report.expect("Four measures of each model", [CELL[corpus], name],
                      [loss(final), loss(final + 0.1), f"{math.exp(final + 0.2):.2f}", loss((final + 0.1) / 2.5)])
    report.expect("Four measures of each model", [CELL[corpus], "merged, before fine-tuning"], [loss(6.9), loss(7.0), "-", "-"])


def check_costs(report, corpus):
    at = Work(steps_to_target(corpus)[0])
    dollars = lambda value: significant(value)
    full, all_of_it = at.billed()
    report.expect("Costs", [CELL[corpus]],
                  [dollars(at.full_cost), dollars(at.s_cost), dollars(at.f_cost), dollars(full), dollars(all_of_it), percent(at.saving),
                   percent(at.saving), percent(1 - (at.total_cost + at.overheads()) / at.full_cost),
                   percent(Work(at.steps, relative=1).saving), percent(Work(at.steps, relative=PAPER_SPEED).saving),
                   percent(1 - all_of_it / full), f"{at.break_even_ratio:.3f}", f"{at.break_even_speed():.3f}"])


def check_clocks(report, corpus):
    runs = [("full", FULL_STEPS, "full")] + [(f"full, {steps} steps", steps, "full") for steps in LADDER]
    runs += [(f"submodel {k}", SUBMODEL_STEPS, "submodel") for k in range(EXPERTS)]
    runs += [(f"fine-tune, {steps} steps", steps, "full") for steps in LADDER]
    for name, steps, kind in runs:
        train = steps * STEP_SECONDS[kind]
        report.expect("Wall clock by phase", [CELL[corpus], name],
                      [seconds(train), seconds(EVAL), seconds(CHECKPOINT), seconds(OTHER), seconds(train + EVAL + CHECKPOINT + OTHER),
                       commas(BATCH * SEQUENCE / STEP_SECONDS[kind])])
    for name, all_of_it in (("prepare", PREPARE), ("cluster", CLUSTER), ("merge", MERGE)):
        report.expect("Wall clock by phase", [CELL[corpus], name], ["-"] * 4 + [seconds(all_of_it)])


def check_flops(report, corpus):
    conventions = ["palm", "nanogpt", "foundry", "torchtitan", "olmo", "nanochat", "megatron"]
    for name, model, kind in (("full", MODEL, "full"), ("submodel 0", one_expert(MODEL), "submodel"), ("longest fine-tune", MODEL, "full")):
        rate = BATCH * SEQUENCE / STEP_SECONDS[kind]
        report.expect("Model FLOPs utilisation", [CELL[corpus], name, "achieved GFLOP/s"],
                      [commas(rate)] + [significant(flops(c, model, SEQUENCE) * rate / 1e9) for c in conventions])


def check_epochs(report, corpus):
    def line(steps_of_runs, epochs):
        tokens = " / ".join(commas(steps * BATCH * SEQUENCE) for steps in steps_of_runs)
        return [tokens, " / ".join(f"{one:.1f}" for one in epochs)]
    windows = lambda steps: steps * BATCH / WINDOWS_OF_CORPUS
    for arm, ladder in (("full", LADDER + [FULL_STEPS]), ("disco, fine-tune", LADDER)):
        report.expect("Epochs by phase", [CELL[corpus], arm], [commas(TOKENS_OF_CORPUS)] + line(ladder, map(windows, ladder)))
    seen = SUBMODEL_STEPS * BATCH * SEQUENCE
    report.expect("Epochs by phase", [CELL[corpus], "disco, submodel"],
                  [" / ".join(map(commas, TOKENS_OF_CLUSTERS))] + line([SUBMODEL_STEPS] * EXPERTS, [seen / t for t in TOKENS_OF_CLUSTERS]))


def check_clusters(report, corpus):
    share = " ".join(f"{100 * tokens / sum(TOKENS_OF_CLUSTERS):.1f}" for tokens in TOKENS_OF_CLUSTERS)
    cosines = [0.9 - 0.01 * (i + j) for i in range(4) for j in range(4) if i != j]
    report.expect("Clusters, merge and data order", [CELL[corpus]],
                  ["40 30 20 10", " ".join(map(commas, TOKENS_OF_CLUSTERS)), share, "0.100", "0.400 0.300 0.200 0.100",
                   f"{min(cosines):.4f} to {max(cosines):.4f}", loss(6.9), loss(7.0), f"equal over {LADDER[-1]} steps"])


def check_every_number(report, corpus):
    estimate, before, reaching = steps_to_target(corpus)
    at, p = Work(estimate), PAPER[corpus]
    titles = {"saving": "saving", "break_even_ratio": "break-even price ratio", "step_speedup": "steps: full / fine-tune",
              "wall_speedup": "wall clock: full / (S + F)", "sample_ratio": "samples: DisCo / full",
              "flop_ratio_megatron": "FLOPs (megatron): DisCo / full", "flop_ratio_palm": "FLOPs (palm): DisCo / full",
              "device_hour_ratio": "device-hours: DisCo / full"}
    for part, title in (("full", "full"), ("s", "S"), ("f", "F"), ("total", "S + F")):
        titles |= {part + "_cost": f"{title}: cost", part + "_hours": f"{title}: time"}
    for quantity, title in titles.items():
        here, factor = getattr(at, quantity), 100 if quantity == "saving" else 1
        digits = 3 if quantity.endswith(("speedup", "ratio_megatron", "ratio_palm", "sample_ratio", "hour_ratio")) else 4
        text = f"{100 * here:.1f}" if quantity == "saving" else significant(here, digits)
        paper = f"{100 * p[quantity]:.1f}" if quantity == "saving" else significant(p[quantity], digits)
        if quantity in FIXED:
            interval = "-"
        elif reaching:
            interval = " to ".join(significant(factor * end) for end in sorted(getattr(Work(s), quantity) for s in (before, reaching)))
        else:
            interval = ("<= " if quantity in FALLS else ">= ") + significant(factor * here)
        text = text if quantity in FIXED else bounded(corpus, quantity in FALLS, text)
        report.expect("Every number", [CELL[corpus], title], [None, paper, text, interval, significant(here / p[quantity])])


def stacked(full, arm, ratio):
    """The first line of a row of table 1, whose columns stand below each other."""
    return f"steps {full} steps {arm} {ratio}"


def stacked_losses(full, arm):
    return " ".join(f"{name} {a} {name} {b}" for name, a, b in zip(("train", "unseen", "PPL", "bit/B"), full, arm))


def check_texts(checks):
    """What the terminal says in words, and the two other views."""
    estimate = {corpus: steps_to_target(corpus) for corpus in GAIN}
    savings = {rule: {c: Work(estimate[c][0], relative=r).saving for c in GAIN}
               for rule, r in (("equal speed", 1), (f"the paper's speed ({times(PAPER_SPEED)})", PAPER_SPEED))}
    table3 = (HERE / "table3.txt").read_text()
    checks.holds("table3.txt", table3, f"is taken to be {times(RELATIVE)} as fast as rtx-4090")
    for rule, of in savings.items():
        checks.holds("table3.txt", table3, f"at {rule} the saving would be Qwen {100 * of['c4']:.0f} % C4, <= {100 * of['wikitext2']:.0f} % WikiText-2")
    ratios = sorted(p["break_even_ratio"] for p in PAPER.values())
    checks.holds("table3.txt", table3, f"{Work(estimate['c4'][0]).break_even_ratio:.2f} here (paper {ratios[0]:.2f} to {ratios[1]:.2f}); "
                                       f"the prices' ratio is {PRICE['cheap'] / PRICE['dear']:.2f}")
    checks.holds("table3.txt", table3, "samples 0 of 1, FLOPs 0 of 2, device-hours 0 of 1, dollars 1 of 2")
    table1, table6 = (HERE / "table1.txt").read_text(), (HERE / "table6.txt").read_text()
    for corpus, name in (("c4", "web"), ("wikitext2", "wiki")):
        at, before, reaching = estimate[corpus]
        p, deciding = PAPER[corpus], reaching or before
        final = full_loss(FULL_STEPS)
        measured = lambda value: (f"{value:.3f}", f"{value + 0.1:.3f}", f"{math.exp(value + 0.2):.1f}", f"{(value + 0.1) / 2.5:.3f}")
        checks.holds("table1.txt", table1, stacked(FULL_STEPS, bounded(corpus, False, f"{at:.0f}"), bounded(corpus, True, times(FULL_STEPS / at))))
        checks.holds("table1.txt", table1, stacked_losses(measured(final), measured(tuned_loss(corpus, deciding))))
        checks.holds("table1.txt", table1, stacked(f"{p['full_steps']:,.0f}", f"{p['disco_steps']:,.0f}", times(p["step_speedup"])))
        checks.holds("table1.txt", table1, stacked_losses((f"{p['full_loss']:g}", "-", f"{p['full_ppl']:.2f}", "-"),
                                                          (f"{p['disco_loss']:g}", "-", f"{p['disco_ppl']:.2f}", "-")))
        work = Work(at)
        checks.holds("table6.txt", table6, f"{p['max_steps']:,.0f} {SUBMODEL_STEPS} {p['max_hours']:.2f} h {seconds(3600 * work.s_hours)} "
                                           f"{significant(p['max_hours'] / p['full_hours'])} {significant(work.s_hours / work.full_hours)}")
    shares = {rule: SUBMODEL_STEPS * STEP_SECONDS["submodel"] * r / (FULL_STEPS * STEP_SECONDS["full"]) for rule, r in (("equal", 1), ("paper", PAPER_SPEED))}
    checks.holds("table6.txt", table6, f"time would be Qwen {significant(shares['equal'])} C4, {significant(shares['equal'])} WikiText-2")
    checks.holds("table6.txt", table6, f"({times(PAPER_SPEED)}) the longest submodel / full run: time would be Qwen {significant(shares['paper'])} C4")


def check_latex(checks):
    """The same cells as in Markdown, table by table."""
    latex = (HERE / "report.tex").read_text()

    def plain(cell):
        for what, instead in ((r"\\textsuperscript\{\w+\}", ""), (r"\$\\geq\$", ">="), (r"\$\\leq\$", "<="), (r"\\textgreater\{\}", ">"),
                              (r"\\textless\{\}", "<"), (r"\\([%$&_#])", r"\1")):
            cell = re.sub(what, instead, cell)
        return cell.strip()
    found = {tuple(map(plain, re.split(r"(?<!\\)&", line.rstrip()[:-2]))) for line in latex.splitlines() if line.rstrip().endswith(r"\\")}
    shown = {tuple(cell.strip() for cell in cells) for rows in tables_of((HERE / "report.md").read_text()).values() for cells in rows
             if any(re.search(r"\d", cell) for cell in cells[1:]) and not any("KEY" in cell or '"' in cell for cell in cells)}
    for cells in sorted(shown):
        checks.text("report.tex", cells in found, True)
        if cells not in found:
            print("  of report.md:", cells)


def main():
    checks = Checks()
    report = Report(checks)
    check_csv(checks)
    for corpus in GAIN:
        for part in (check_view, check_ladder, check_equal_work, check_quality, check_costs, check_clocks, check_flops, check_epochs,
                     check_clusters, check_every_number):
            part(report, corpus)
    check_texts(checks)
    check_latex(checks)
    left = report.left()
    print(f"{checks.made} numbers and texts computed again, {checks.wrong} otherwise; rows with digits that were not looked at: "
          + (", ".join(f"{left.count(title)} of '{title}'" for title in dict.fromkeys(left)) or "none"))
    sys.exit(1 if checks.wrong else 0)


if __name__ == "__main__":
    main()

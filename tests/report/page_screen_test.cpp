// A person can read the page: on a screen, a phone, on paper and in the dark; what moves on it
// moves.

#include <regex>

#include "report/page_fixture.hpp"

namespace repro::report {

TEST_CASE("hovering shows values, dragging zooms, tabs change what the curves are against",
          "[report]") {
  const Paged paged;
  const std::string box =
      "(() => { const r = document.getElementById('chart').getBoundingClientRect(); return [r.x, "
      "r.y, r.width, r.height]; })()";
  const Seen first = browse(
      paged.page,
      joined(load(1280, 900),
             json::array({run("document.getElementById('chart').scrollIntoView()"), run(box)})));
  const json at = first.answers.at(3);
  const double x = at.at(0).get<double>() + 0.5 * at.at(2).get<double>();
  const double y = at.at(1).get<double>() + 0.5 * at.at(3).get<double>();
  const std::string legend = "document.getElementById('chart-legend').textContent";
  const Seen seen =
      browse(paged.page,
             joined(load(1280, 900),
                    json::array({run("document.getElementById('chart').scrollIntoView()"),
                                 {{"move", {x - 3, y}}},
                                 {{"move", {x, y}}},
                                 run(legend),
                                 {{"drag", {x - 150, y, x + 150, y}}},
                                 run("reproPage.figure.zoomed()"),
                                 run("document.getElementById('chart-whole').click(); "
                                     "reproPage.figure.zoomed()"),
                                 run("document.getElementById('tab-flops').click(); "
                                     "document.querySelector('.dygraph-xlabel').textContent"),
                                 run("document.getElementById('chart-crossing').textContent"),
                                 run("document.getElementById('tab-steps').click(); "
                                     "document.getElementById('chart-crossing').textContent")})));
  CHECK(seen.errors == json::array());
  const std::string hovered = seen.answers.at(5);
  CHECK(std::regex_search(hovered, std::regex(R"(full 80: \d\.\d{4})")));
  CHECK(seen.answers.at(7) == true);
  CHECK(seen.answers.at(8) == false);
  CHECK(seen.answers.at(9).get<std::string>().find("FLOP") != std::string::npos);
  CHECK(std::regex_search(seen.answers.at(11).get<std::string>(),
                          std::regex(R"(meets the target at (39|40)\.\d steps \(known between )")));
}

TEST_CASE("nothing of the page leaves the screen at 1280 or 390, nor the paper at A4 or Letter",
          "[report]") {
  const Paged paged(/*reaches=*/false);
  // What sticks out of the page, or is cut by a box that cannot scroll.
  const std::string out =
      "(() => { const width = document.documentElement.clientWidth; const cut = [];"
      "for (const e of document.querySelectorAll('body *')) { const r = e.getBoundingClientRect();"
      "if (r.width === 0 || e.closest('dialog')) continue;"
      "const box = e.closest('.scroll'); const scrolls = box && "
      "getComputedStyle(box).overflowX === 'auto';"
      "if (!scrolls && r.right > width + 1) cut.push(e.tagName + '.' + e.className + ' ' + "
      "e.textContent.slice(0, 40)); }"
      "return [document.documentElement.scrollWidth - width, cut.slice(0, 5)]; })()";
  const json open = run("document.querySelectorAll('details').forEach((d) => { d.open = true; })");
  const json print = {{"media", "print"}};
  json steps = load(1280, 900);
  steps.push_back(open);
  steps.push_back(run(out));
  for (const json& step : load(390, 800)) steps.push_back(step);
  steps.push_back(open);
  steps.push_back(run(out));
  steps.push_back(print);
  // 12 mm to either side of 210 mm and of 8.5 inches, at 96 pixels an inch.
  for (const int width : {703, 725}) {
    steps.push_back({{"size", {width, 1000}}});
    steps.push_back(run("dispatchEvent(new Event('beforeprint'))"));
    steps.push_back(run(out));
  }
  const Seen seen = browse(paged.page, steps);
  CHECK(seen.errors == json::array());
  for (const size_t answer : {size_t{3}, size_t{7}, size_t{11}, size_t{14}}) {
    CAPTURE(answer, seen.answers.at(answer).dump());
    CHECK(seen.answers.at(answer).at(0) <= 0);
    CHECK(seen.answers.at(answer).at(1) == json::array());
  }
}

TEST_CASE("every text of the page keeps a contrast of 4.5 to its ground, in the dark too",
          "[report]") {
  const Paged paged;
  const std::string weak =
      "(() => { const parse = (c) => c.match(/[\\d.]+/g).map(Number);"
      "const lum = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : "
      "((v + 0.055) / 1.055) ** 2.4).reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);"
      "const ground = (e) => { for (let at = e; at; at = at.parentElement) { const c = "
      "parse(getComputedStyle(at).backgroundColor); if (c.length === 3 || c[3] > 0.9) return c; } "
      "return [255, 255, 255]; };"
      "const found = [];"
      "for (const e of document.querySelectorAll('body *')) {"
      "if (e.closest('svg, script, dialog, canvas') || ![...e.childNodes].some((n) => n.nodeType "
      "=== 3 && "
      "n.textContent.trim() !== '')) continue;"
      "const a = lum(parse(getComputedStyle(e).color)), b = lum(ground(e));"
      "const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);"
      "if (ratio < 4.5 && !e.closest('.legend')) found.push([ratio, e.tagName, "
      "e.textContent.slice(0, 30)]); }"
      "return found.slice(0, 5); })()";
  json steps = load(1280, 900);
  steps.push_back(run(weak));
  steps.push_back({{"dark", true}});
  steps.push_back({{"load", true}});
  steps.push_back(run("matchMedia('(prefers-color-scheme: dark)').matches"));
  steps.push_back(run(weak));
  const Seen seen = browse(paged.page, steps);
  CHECK(seen.errors == json::array());
  CHECK(seen.answers.at(2) == json::array());
  CHECK(seen.answers.at(5) == true);
  CHECK(seen.answers.at(6) == json::array());
}

TEST_CASE("every number of the page leads to its formula, its runs and the command that says it",
          "[report]") {
  const Paged paged;
  const Seen seen = browse(
      paged.page,
      joined(load(1280, 900),
             json::array(
                 {run("[...document.querySelectorAll('a[href^=\"#\"]')].filter((a) => "
                      "document.getElementById(a.getAttribute('href').slice(1)) === null).length"),
                  run("document.querySelectorAll('table a.ev').length"),
                  run("document.querySelector('table a.ev').click(); "
                      "document.getElementById('evidence-dialog').open"),
                  run("document.getElementById('evidence-dialog').textContent"),
                  run("(() => { const ids = [...document.querySelectorAll('[id]')].map((e) => "
                      "e.id); return ids.length - new Set(ids).size; })()"),
                  run("document.querySelectorAll('details.section').length"),
                  run("document.querySelectorAll('nav.contents a').length")})));
  CHECK(seen.errors == json::array());
  CHECK(seen.answers.at(2) == 0);
  CHECK(seen.answers.at(3) > 100);
  CHECK(seen.answers.at(4) == true);
  const std::string shown = seen.answers.at(5);
  for (const char* part :
       {"dollars.full", "repro explain table3:qwen_moe:c4:full_cost --scale tiny",
        "Qwen / C4 > web"})
    CHECK(shown.find(part) != std::string::npos);
  CHECK(seen.answers.at(6) == 0);
  CHECK(seen.answers.at(7) == seen.answers.at(8));
}

TEST_CASE("a hostile title is text on the page, whatever it says", "[report]") {
  const TemporaryDirectory folder;
  Fixture fixture;
  plan::Experiment experiment = plan_of(fixture).experiment;
  experiment.corpus_entries["c4"].name = "</script><script>document.title='taken'</script>";
  experiment.corpus_entries["c4"].title = "<img src=x onerror=\"document.title='taken'\">";
  const plan::Plan plan = plan::make_plan(std::move(experiment));
  write_runs(plan, fixture, folder.path());
  ReportOptions options;
  options.output = folder.path() / "out";
  options.formats = {Format::html};
  render(plan, sources_of(folder.path()), options);
  const Seen seen = browse(options.output / "report.html",
                           joined(load(1280, 900), json::array({run("document.title")})));
  CHECK(seen.errors == json::array());
  CHECK(seen.answers.at(2) != "taken");
}

}  // namespace repro::report

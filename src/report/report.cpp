#include "report/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "findings/interval_text.hpp"
#include "measure/evidence.hpp"
#include "report/details.hpp"
#include "report/evidence.hpp"
#include "report/page.hpp"
#include "report/page_data.hpp"
#include "report/pictures.hpp"
#include "report/view.hpp"
#include "report/written.hpp"

namespace repro::report {
namespace {

using nlohmann::json;

bool wanted(const ReportOptions& options, Format format) {
  return std::find(options.formats.begin(), options.formats.end(), format) != options.formats.end();
}

// Of all numbers: one level, or several.
std::string evidence_of_all(const std::vector<Finding>& findings) {
  std::string all;
  for (const Finding& finding : findings) {
    if (finding.evidence == "-" || finding.evidence == all) continue;
    all = all.empty() ? finding.evidence : std::string(name(measure::Evidence::mixed));
  }
  return "evidence: " + (all.empty() ? "none yet" : all);
}

// Of the numbers that are judged; no number at all has no evidence level.
std::string evidence_text(const Study& study, const std::vector<Finding>& findings) {
  if (judged_quantity(study) == nullptr) return evidence_of_all(findings);
  for (const findings::StudyRow& row : study.rows)
    if (const Finding& judged = findings::finding(findings, study, row, study.view.verdict);
        judged.evidence != "-")
      return "evidence: " + judged.evidence;
  return "evidence: none yet";
}

// The first line of every rendering: a stand-in is called one there.
std::string headline(const Study& study, const std::vector<Finding>& findings) {
  return fmt::format("{}, {}, {}", study.view.title, scope_text(study),
                     evidence_text(study, findings));
}

// What was asked besides the experiment and its scale; empty = nothing that changes it.
std::vector<std::string> asked_of(const Study& study) {
  constexpr const char* kUsualPrices = "paper";
  std::vector<std::string> asked = study.experiment().asked;
  if (const std::string& prices = study.sources.prices.name; prices != kUsualPrices)
    asked.push_back("prices=" + prices);
  return asked;
}

// "NAME-SCALE"; of other settings or prices "NAME-SCALE-5f2a91c0", so that no report writes over
// that of another question.
std::string folder_name(const Study& study) {
  const plan::Experiment& experiment = study.experiment();
  const std::string name = experiment.name + "-" + experiment.scale.name;
  const std::vector<std::string> asked = asked_of(study);
  if (asked.empty()) return name;
  const std::string key = join(asked, "\n") + "\n" + config::to_toml(study.sources.prices);
  return name + "-" + sha256_hex(key).substr(0, 8);
}

std::vector<Figure> draw_figures(const Study& study, const fs::path& folder,
                                 std::vector<fs::path>& files) {
  std::vector<Figure> figures;
  for (const NamedPicture& one : view_pictures(study)) {
    const fs::path base = folder / one.name;
    draw(one.picture, base);
    for (const std::string& ending : drawn_endings())
      files.push_back(fs::path(base).concat(ending));
    figures.push_back({one.name, one.caption, read_file(fs::path(base).concat(".svg"))});
  }
  return figures;
}

struct Section {
  const char* key;  // in report.json
  const char* heading;
  Table table;
};

std::vector<Section> sections_of(const Study& study, const std::vector<Finding>& findings) {
  std::vector<Section> sections = {
      {"work", "Work behind the saving", work_ratios(study)},
      {"steps",
       study.experiment().protocol == plan::Protocol::target ? "Steps to the target"
                                                             : "Steps within the budget",
       steps_to_target(study)},
      {"quality", "Four measures of each model", model_quality(study)},
      {"scores", "Downstream tasks: every score", task_scores(study)},
      {"pairs", "Downstream tasks: the arms item by item", task_pairs(study)},
      {"cuts", "Where the arms are compared on tasks", cut_standings(study)},
      {"costs", "Costs", costs(study)},
      {"clocks", "Wall clock by phase", wall_clock(study)},
      {"utilisation", "Model FLOPs utilisation", utilisation(study)},
      {"method", "Clusters, merge and data order", method_internals(study)},
      {"epochs", "Epochs by phase", epochs(study)},
      {"arms", "What the arms differ in", arm_differences(study)},
      {"differences", "Values that differ from the paper", differences(study)},
      {"corpora", "Corpora", corpora(study)},
      {"tasks", "Tasks", tasks(study)},
      {"numbers", "Every number", every_number(findings)},
      {"runs", "Runs", runs(study)}};
  if (study.experiment().protocol == plan::Protocol::target)
    sections.insert(sections.begin() + 2,
                    {{"baseline", "Is the baseline a fair one?", baseline_checks(study)},
                     {"equal_work", "The arms at equal work", equal_work(study)}});
  std::erase_if(sections, [](const Section& section) { return section.table.rows.empty(); });
  return sections;
}

// All that is shown, before it is shown anywhere.
struct Shown {
  Card card;
  Table view;
  std::vector<Section> sections;
};

Page make_page(const Study& study, const std::vector<Finding>& findings, const Shown& shown,
               std::vector<Figure> figures) {
  Page page;
  page.title = headline(study, findings);
  auto& blocks = page.blocks;
  blocks.emplace_back(shown.card);
  blocks.emplace_back(shown.view);
  blocks.emplace_back(Paragraph{progress_text(study)});
  if (const auto asked = asked_of(study); !asked.empty())
    blocks.emplace_back(Paragraph{"asked besides the scale: " + join(asked, ", ")});
  blocks.emplace_back(Live{"figure", "The curves, and where they meet the target"});
  blocks.emplace_back(Live{"prices", "At other prices"});
  if (!figures.empty()) blocks.emplace_back(std::move(figures.front()));
  for (Section section : shown.sections) {
    link_rows(study, section.table);
    blocks.emplace_back(Heading{section.heading});
    blocks.emplace_back(std::move(section.table));
  }
  if (figures.size() > 1) blocks.emplace_back(Heading{"The curves against other measures"});
  for (size_t i = 1; i < figures.size(); ++i) blocks.emplace_back(std::move(figures[i]));
  return page;
}

// What the HTML page has besides: its script's data, without which it shows no live section, and
// what numbers rest on.
Page with_script(Page page, const Study& study, const std::vector<Finding>& findings) {
  const json data = page_data(study, findings);
  std::erase_if(page.blocks, [&](const Block& block) {
    const auto* live = std::get_if<Live>(&block);
    return live != nullptr && data.at(live->id).is_null();
  });
  page.evidence = evidence_of(study, findings);
  page.data = json_text(data, -1);
  return page;
}

json report_json(const Study& study, const std::vector<Finding>& findings, const Shown& shown) {
  json all = json::array();
  for (const Finding& finding : findings) all.push_back(to_json(finding));
  json details = json::object();
  for (const Section& section : shown.sections) details[section.key] = to_json(section.table);
  return {{"schema", 2},
          {"experiment", study.experiment().name},
          {"scale", study.experiment().scale.name},
          {"asked", asked_of(study)},
          {"stand_in", study.stand_in()},
          {"title", study.experiment().title},
          {"headline", headline(study, findings)},
          {"card", to_json(shown.card)},
          {"doubts", doubts(study, findings)},
          {"table", to_json(shown.view)},
          {"findings", all},
          {"details", details}};
}

std::string terminal_text(const Study& study, const std::vector<Finding>& findings,
                          const Shown& shown, const fs::path& folder,
                          const ReportOptions& options) {
  Table view = shown.view;
  view.notes.push_back(progress_text(study));
  view.notes.push_back("details: " + (folder / "report.html").string());
  return join(wrap(headline(study, findings), options.width), "\n") + "\n" +
         to_terminal(shown.card, options.width, options.tones) + "\n" +
         to_terminal(view, options.width, options.tones);
}

// What a pull request needs: the answer and the table, in the Markdown that forges show.
std::string summary_text(const Study& study, const std::vector<Finding>& findings,
                         const Shown& shown) {
  return "### " + escape_markdown(headline(study, findings)) + "\n\n" + to_markdown(shown.card) +
         "\n" + to_markdown(shown.view) + "\n" + escape_markdown(progress_text(study)) + "\n";
}

CellCounts count(const Study& study) {
  CellCounts counts;
  for (const findings::StudyRow& row : study.rows) {
    ++counts.cells;
    const findings::Status* obstacle = row.obstacle();
    counts.measured += obstacle == nullptr;
    counts.failed += obstacle && obstacle->state == run::State::failed;
    counts.not_reached += row.count(measure::Reach::not_reached) > 0;
  }
  return counts;
}

}  // namespace

json to_json(const Finding& finding) {
  const auto number = [](const std::optional<double>& value) {
    return value ? json(*value) : json();
  };
  json answer = {{"id", finding.id},
                 {"cell", finding.row},
                 {"quantity", finding.quantity},
                 {"unit", machine_unit(finding.unit)},
                 {"paper", number(finding.paper)},
                 {"here", number(finding.here)},
                 {"bound", bound_of(finding)},
                 {"evidence", evidence_key(finding)},
                 {"verdict", measure::name(finding.judgement.verdict)},
                 {"stand_in", !finding.scope.empty()},
                 {"reason", finding.judgement.reason},
                 {"inputs", finding.inputs}};
  answer.update(findings::interval_json(finding));
  return answer;
}

Report render(const plan::Plan& plan, const findings::Sources& sources,
              const ReportOptions& options) {
  const Study study(plan, sources);
  const fs::path folder =
      options.output.empty() ? sources.runs / "reports" / folder_name(study) : options.output;
  make_directories(folder);

  Report report;
  report.findings = findings::findings_of(study);
  report.counts = count(study);
  const Shown shown = {
      make_card(study, report.findings,
                options.settle ? options.settle(study, report.findings) : std::vector<CardStep>{}),
      make_view(study, report.findings), sections_of(study, report.findings)};
  const auto write = [&](Format format, const char* name, const std::string& text) {
    if (!wanted(options, format)) return;
    write_file_atomically(folder / name, text);
    report.files.push_back(folder / name);
  };
  std::vector<Figure> figures;
  if (wanted(options, Format::figures) && gnuplot_found())
    figures = draw_figures(study, folder, report.files);
  const Page page = make_page(study, report.findings, shown, std::move(figures));
  write(Format::markdown, "report.md", to_markdown(page));
  if (wanted(options, Format::html))
    write(Format::html, "report.html", to_html(with_script(page, study, report.findings)));
  write(Format::latex, "report.tex", to_latex(page));
  write(Format::latex, "table.tex", to_latex_fragment(shown.view));
  write(Format::csv, "table.csv", to_csv(findings_table(report.findings)));
  write(Format::json, "report.json",
        json_text(report_json(study, report.findings, shown), 1) + "\n");
  keep_list(folder, "report", report.files);
  report.summary = summary_text(study, report.findings, shown);
  report.terminal = terminal_text(study, report.findings, shown, folder, options);
  return report;
}

}  // namespace repro::report

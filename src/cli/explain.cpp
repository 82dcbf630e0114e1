#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "cli/difference_view.hpp"
#include "cli/explain_audit.hpp"
#include "cli/price_view.hpp"
#include "cli/printing.hpp"
#include "cli/program.hpp"
#include "cli/run_names.hpp"
#include "cli/verbs.hpp"
#include "findings/findings.hpp"
#include "findings/interval_text.hpp"
#include "findings/numbers.hpp"
#include "report/evidence.hpp"
#include "report/report.hpp"
#include "report/view.hpp"
#include "run/comparison.hpp"
#include "run/run_directory.hpp"
#include "run/verifier.hpp"

namespace repro::cli {
namespace {

using nlohmann::json;

struct ExplainOptions {
  std::vector<std::string> subjects;  // a finding's id, or one or two runs
  ExperimentChoice choice;
  std::string prices = "paper";
  bool gate = false;
};

json read_job(const run::RunDirectory& directory) {
  json job = parse_json(read_file(directory.job_file()));
  if (!job.is_object())
    throw Error("{}: is damaged; run the experiment again", directory.job_file().string());
  return job;
}

void print_leaves(const json& value, const std::string& path) {
  if (value.is_object() && !value.empty()) {
    for (const auto& [key, inner] : value.items())
      print_leaves(inner, path.empty() ? key : path + "." + key);
    return;
  }
  const std::string text = value.dump();
  constexpr size_t kLongest = 90;
  say("  {:<34} {}\n", path, text.size() > kLongest ? text.substr(0, kLongest) + "…" : text);
}

// The manifest's values by path, each with the file and line that set it.
void print_origins(const json& origins) {
  say("\nvalues of the manifest, and what set them\n");
  for (const auto& [path, origin] : origins.items())
    say("  {:<34} {}\n", path, origin.get<std::string>());
}

// The run, then what it read, down to the corpus.
void print_chain(const run::RunDirectory& directory, int depth) {
  run::require_whole(directory);
  const json job = read_job(directory);
  say("  {:>{}}{}  {}\n", "", 2 * depth, directory.path().filename().string(),
      state_text(directory.state()));
  const json inputs = job.value("inputs", json::object());
  for (const auto& [role, name] : inputs.items()) {
    const run::RunDirectory input(directory.path().parent_path() / name.get<std::string>());
    if (std::filesystem::exists(input.job_file())) print_chain(input, depth + 1);
  }
}

Exit explain_run(const Context& context, const std::string& subject) {
  const run::RunDirectory directory = find_run(context, subject);
  run::require_whole(directory);
  const std::vector<std::string> names = {directory.path().filename()};
  say_unsealed_runs(directory.path().parent_path(), names);
  const json job = read_job(directory);
  const bool done = directory.state() == run::State::done;
  if (context.json) {
    json answer = job;
    answer["state"] = state_text(directory.state());
    if (done) answer["result"] = directory.result();
    print(answer);
    return Exit::ok;
  }
  say("{}: {}\n", directory.path().string(), state_text(directory.state()));
  if (const auto why = directory.failure()) say("why: {}\n", printable_line(*why));
  say("\nkey {}: of these values and of the runs below\n", job.value("key", "").substr(0, 16));
  print_leaves(job.value("spec", json::object()), "");
  print_origins(job.value("origins", json::object()));
  say("\nreads\n");
  print_chain(directory, 0);
  if (!done) return Exit::ok;
  say("\nresult\n");
  print_leaves(directory.result(), "");
  return Exit::ok;
}

Exit explain_difference(const Context& context, const ExplainOptions& options) {
  const run::RunComparison comparison = run::compare_runs(find_run(context, options.subjects[0]),
                                                          find_run(context, options.subjects[1]));
  const bool equal =
      comparison.inputs.empty() && comparison.environment.empty() && !comparison.records;
  const Exit exit = options.gate && !equal ? Exit::regression : Exit::ok;
  if (context.json) {
    print(
        {{"inputs", differences_json(comparison.inputs)},
         {"environment", differences_json(comparison.environment)},
         {"records", comparison.records ? differences_json(*comparison.records) : json(nullptr)}});
    return exit;
  }
  constexpr size_t kAll = std::numeric_limits<size_t>::max();
  print_differences("inputs", comparison.inputs, kAll);
  print_differences("environment", comparison.environment, kAll);
  print_differences("first differing step", as_list(comparison.records), kAll);
  return exit;
}

const findings::Finding& find_finding(const std::vector<findings::Finding>& findings,
                                      const std::string& id) {
  std::vector<std::string> ids, quantities;
  for (const findings::Finding& finding : findings) {
    if (finding.id == id) return finding;
    ids.push_back(finding.id);
    const std::string quantity = finding.id.substr(finding.id.rfind(':') + 1);
    if (std::find(quantities.begin(), quantities.end(), quantity) == quantities.end())
      quantities.push_back(quantity);
  }
  const std::string slip = did_you_mean(id, ids);
  if (!slip.empty() || ids.empty()) throw Error("no number '{}'{}", id, slip);
  throw Error("no number '{}'; they are named like '{}', and a cell has: {}", id, ids.front(),
              join(quantities, ", "));
}

// The runs of one cell of the plan, from the corpus to what was measured.
// Those that are there or still wanted: a search passes most endings by.
void print_cell_runs(const Context& context, const findings::Study& study, const plan::Cell& cell) {
  for (const plan::CellJob& one : plan::jobs_of(cell)) {
    const findings::Status& status = study.outcomes[one.job].status;
    if (status.state == run::State::absent && !status.wanted) continue;
    say("  {}  {}\n", (context.runs / status.directory).string(), state_text(status.state));
  }
}

// How far the number may be from the truth, part by part, and what follows for the claim.
void print_interval(const findings::Finding& finding) {
  if (finding.range) {
    const double factor = finding.unit == "%" ? 100 : 1;
    say("  range     {} {}, 95 %\n",
        findings::range_text({finding.range->low * factor, finding.range->high * factor}),
        finding.unit);
  }
  for (const std::string& line : findings::part_lines(finding)) say("    {}\n", line);
  say("  verdict   {}: {}\n", findings::verdict_text(finding), finding.judgement.reason);
  if (const std::string p = findings::p_text(finding.judgement); !p.empty())
    say("  test      {}\n", p);
}

// With what each name is worth in every seed.
void print_formulas(const findings::Study& study, const std::vector<findings::Finding>& found,
                    const std::string& id) {
  for (const report::Evidence& one : report::evidence_of(study, found)) {
    if (one.about != id) continue;
    for (const report::EvidenceLine& line : one.lines)
      if (line.typed && line.name != "explain") say("  {:<21} {}\n", line.name, line.text);
  }
}

Exit explain_finding(const Context& context, const ExplainOptions& options) {
  const std::string& id = options.subjects[0];
  ExperimentChoice choice = options.choice;
  choice.name = split(id, ':')[0];
  const plan::Plan plan = load_plan(context, choice);
  say_unsealed_runs(context, plan);
  const findings::Sources sources =
      findings::load_sources(context.root(), plan, context.runs, options.prices);
  const findings::Study study(plan, sources);
  const auto found = findings::findings_of(study);
  const findings::Finding& finding = find_finding(found, id);
  if (context.json) {
    json answer = report::to_json(finding);
    answer["doubts"] = report::doubts(study, found);
    print(answer);
    return Exit::ok;
  }
  say("{}, {}\n", finding.row, finding.quantity);
  say("  paper     {} {}\n  here      {} {}\n  evidence  {}\n", finding.paper_text, finding.unit,
      finding.here_text, finding.unit, finding.evidence);
  print_interval(finding);
  print_formulas(study, found, id);
  say("computed from\n");
  for (const std::string& line : finding.inputs) say("  {}\n", line);
  say("runs of the cell; `repro explain <run>` shows each one's values\n");
  for (const plan::Cell& cell : plan.cells)
    if (id.find(fmt::format(":{}:{}:", cell.model, cell.corpus)) != std::string::npos)
      print_cell_runs(context, study, cell);
  return Exit::ok;
}

// "price:TABLE:ROW": a row of a table that is priced again.
Exit explain_price(const Context& context, const ExplainOptions& options) {
  const std::vector<std::string> parts = split(options.subjects[0], ':');
  if (parts.size() != 3)
    throw Error(Exit::usage, "explain: '{}': write price:TABLE:ROW", options.subjects[0]);
  const claims::PricedTable priced = priced_as_published(context.root(), parts[1], options.prices);
  std::vector<std::string> ids;
  for (const claims::PricedRow& row : priced.rows) {
    ids.push_back(row.id);
    if (row.id != parts[2]) continue;
    const std::vector<std::string> steps = price_steps(priced, row);
    if (context.json) {
      print({{"row", row.id}, {"steps", steps}, {"doubts", price_doubts(priced)}});
      return Exit::ok;
    }
    say("{}, {}\n", row.subject, priced.title);
    for (const std::string& step : steps) say("  {}\n", step);
    for (const std::string& doubt : price_doubts(priced)) say("  doubt: {}\n", doubt);
    return Exit::ok;
  }
  throw Error("table '{}' has no row '{}'{}; there are: {}", parts[1], parts[2],
              did_you_mean(parts[2], ids), join(ids, ", "));
}

Exit explain(const Context& context, const ExplainOptions& options) {
  if (options.subjects.size() == 2) return explain_difference(context, options);
  if (options.gate) throw Error(Exit::usage, "explain: --gate compares two runs; name the second");
  if (options.subjects[0].starts_with("price:")) return explain_price(context, options);
  if (options.subjects[0].starts_with("audit:")) return explain_audit(context, options.subjects[0]);
  if (options.subjects[0].find(':') != std::string::npos) return explain_finding(context, options);
  return explain_run(context, options.subjects[0]);
}

}  // namespace

void add_explain(Program& program) {
  CLI::App& verb = program.add_verb(
      "explain", "every input of one number or run; or why two runs differ",
      "  repro explain table3:qwen_moe:c4:saving        a number of the report\n"
      "  repro explain price:table3:qwen_moe/c4         a row of `repro price`, step by step\n"
      "  repro explain audit:moe-disco:full_cost        a check of `repro audit`, row by row\n"
      "  repro explain train-qwen_moe-c4-full-s0        a run: its values, inputs and result\n"
      "  repro explain runs/train-a other/train-a       the first difference between two runs\n"
      "With --gate, two runs that differ in inputs, environment or records end with code 1.");
  auto options = std::make_shared<ExplainOptions>();
  verb.add_option("subject", options->subjects, "a number, a run, or two runs")
      ->required()
      ->expected(1, 2);
  add_choice_options(verb, options->choice);
  verb.add_option("--prices", options->prices, "price snapshot of hardware_profiles/prices")
      ->capture_default_str();
  verb.add_flag("--gate", options->gate, "end with code 1 when two runs differ");
  program.on(verb, [&program, options] { return explain(program.context(), *options); });
}

}  // namespace repro::cli

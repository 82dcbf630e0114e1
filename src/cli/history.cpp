#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "check/history.hpp"
#include "cli/check_history.hpp"
#include "cli/printing.hpp"
#include "cli/program.hpp"
#include "cli/verbs.hpp"

namespace repro::cli {
namespace {

using checks::NumberHistory;
using nlohmann::json;

struct HistoryChoice {
  std::vector<fs::path> files;  // none = that of --runs
  std::string golden;
  bool all = false;
};

std::vector<checks::HistoryEntry> chosen_entries(const Context& context,
                                                 const HistoryChoice& choice) {
  std::vector<fs::path> files = choice.files;
  if (files.empty()) files.push_back(history_file(context.runs));
  std::vector<checks::HistoryEntry> entries;
  for (const fs::path& file : files) {
    if (!choice.files.empty() && !fs::exists(file))
      throw Error("{}: no such file; give a history.jsonl of runs/check", file.string());
    checks::StoredHistory stored = checks::read_history(file);
    if (stored.unreadable > 0)
      warn("repro: {}: {} lines cannot be read and are passed over\n", file.string(),
           stored.unreadable);
    for (checks::HistoryEntry& entry : stored.entries)
      if (choice.golden.empty() || entry.name == choice.golden) entries.push_back(std::move(entry));
  }
  // Of several files: in the order in which they were checked.
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.at < b.at; });
  if (entries.empty())
    throw Error(Exit::nothing_measured, "{}: no check{} is stored there; `repro check` stores each",
                files.front().string(),
                choice.golden.empty() ? "" : " with golden '" + choice.golden + "'");
  return entries;
}

const char* history_standing(const NumberHistory& history) {
  if (history.is_worse) return "worse";
  if (history.is_better) return "better";
  return history.levels.size() > 1 ? "moved within its tolerance" : "level";
}

report::TableCell number_cell(double value) { return {fmt::format("{:.5g}", value), value}; }

report::Table history_table(const std::vector<NumberHistory>& histories, bool all) {
  using report::Align;
  report::Table table{.columns = {{.heading = "golden", .align = Align::left},
                                  {.heading = "number", .align = Align::left},
                                  {.heading = "machine", .align = Align::left},
                                  {.heading = "programs"},
                                  {.heading = "levels"},
                                  {.heading = "now"},
                                  {.heading = "moved"},
                                  {.heading = "", .align = Align::left, .key = "standing"},
                                  {.heading = "where", .align = Align::left}}};
  size_t shown = 0;
  for (const NumberHistory& history : histories) {
    if (!all && !history.is_worse && !history.is_better) continue;
    ++shown;
    table.add({history.name,
               history.metric,
               history.machine,
               {std::to_string(history.values.size()), static_cast<double>(history.values.size())},
               {std::to_string(history.levels.size()), static_cast<double>(history.levels.size())},
               number_cell(history.levels.back().value),
               {fmt::format("{:+.3g}", history.moved), history.moved},
               history_standing(history),
               history.where()});
  }
  table.title = fmt::format(
      "steps over stored checks: {} of {} numbers{}",
      std::count_if(histories.begin(), histories.end(),
                    [](const NumberHistory& one) { return one.is_worse || one.is_better; }),
      histories.size(), shown == histories.size() ? "" : "; --all shows the level ones too");
  return table;
}

json history_json(const std::vector<NumberHistory>& histories) {
  json all = json::array();
  for (const NumberHistory& one : histories) {
    json levels = json::array(), seen = json::array();
    for (const measure::Level& level : one.levels)
      levels.push_back({{"begin", level.begin},
                        {"end", level.end},
                        {"value", level.value},
                        {"error", level.error}});
    for (const checks::Seen& at : one.seen)
      seen.push_back({{"first", at.first}, {"last", at.last}});
    all.push_back({{"golden", one.name},
                   {"number", one.metric},
                   {"machine", one.machine},
                   {"values", one.values},
                   {"revisions", seen},
                   {"levels", levels},
                   {"moved", one.moved},
                   {"standing", history_standing(one)},
                   {"where", one.where()}});
  }
  return all;
}

Exit show_history(const Context& context, const HistoryChoice& choice) {
  const auto histories = checks::find_steps(chosen_entries(context, choice));
  if (histories.empty())
    throw Error(Exit::nothing_measured,
                "the stored checks hold no number; `repro check` of this version stores them");
  const report::Table table = history_table(histories, choice.all);
  if (context.json)
    print(history_json(histories));
  else if (table.rows.empty())
    say("{}\n", table.title);
  else
    print(table);
  const bool worse = std::any_of(histories.begin(), histories.end(),
                                 [](const NumberHistory& one) { return one.is_worse; });
  return worse ? Exit::regression : Exit::ok;
}

}  // namespace

void add_history(Program& program) {
  CLI::App& verb = program.add_verb(
      "history", "where have numbers moved over stored checks?",
      "  repro history                         of runs/check/history.jsonl\n"
      "  repro history smoke --all             every number of one golden\n"
      "  repro history --file a.jsonl b.jsonl  of several machines\n"
      "Each `repro check` stores its numbers with the revision of the tree. A step that got worse "
      "by "
      "more\nthan its tolerance ends with 1; a level has two programs or more, so that one is no "
      "step.");
  auto choice = std::make_shared<HistoryChoice>();
  verb.add_option("golden", choice->golden, "of one golden; default: of all");
  verb.add_option("--file", choice->files, "histories, instead of that of --runs");
  verb.add_flag("--all", choice->all, "show numbers that have not moved as well");
  program.on(verb, [&program, choice] { return show_history(program.context(), *choice); });
}

}  // namespace repro::cli

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/data_corpora.hpp"
#include "cli/printing.hpp"
#include "run/run_directory.hpp"
#include "run/verifier.hpp"

namespace repro::cli {
namespace {

using nlohmann::json;

void print_items(const json& result) {
  std::string shots = result.value("shots", int64_t{0}) == 0
                          ? ""
                          : fmt::format(", {} shots", result.value("shots", int64_t{0}));
  say("  {:>6} items of {}{}", with_commas(result.value("items", int64_t{0})),
      result.value("split", ""), shots);
  const size_t parts = result.value("parts", json::object()).size();
  say("{}\n", parts > 1 ? fmt::format(", {} parts", parts) : "");
}

}  // namespace

void print_splits(const Context& context, const run::JobGraph& graph) {
  json answer = json::array();
  run::Verifier verifier(context.runs);
  for (const run::Job& job : graph.jobs()) {
    const run::RunDirectory directory(context.runs / job.directory);
    json result = verifier.result(directory);
    result["directory"] = directory.path().string();
    answer.push_back(result);
    if (context.json) continue;
    say("{}\n", directory.path().string());
    if (job.kind == "task") print_items(result);
    const json splits = result.value("splits", json::object());
    for (const auto& [split, size] : splits.items())
      say("  {:<6} {:>9} documents  {:>13} tokens  {:>9}\n", split,
          with_commas(size.value("documents", int64_t{0})),
          with_commas(size.value("tokens", int64_t{0})), human_bytes(size.value("bytes", 0.0)));
    const json overlaps = result.value("overlap_13gram", json::object());
    for (const auto& [split, overlap] : overlaps.items())
      say("  {:<6} {:>8.2f} % of its words stand in 13 in a row that train holds\n", split,
          100 * overlap.value("share", 0.0));
    const json dropped = result.value("dropped", json::object());
    for (const auto& [reason, count] : dropped.items())
      say("  dropped, {}: {}\n", reason, with_commas(count.get<int64_t>()));
  }
  if (context.json) print(answer);
}

}  // namespace repro::cli

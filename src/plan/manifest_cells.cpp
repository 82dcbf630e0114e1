#include "plan/manifest_cells.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace repro::plan {
namespace {

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

void require_known(const std::string& asked, const std::string& word, const std::string& what,
                   const std::vector<std::string>& known) {
  if (!contains(known, word))
    throw Error("--only {}: no {} '{}'{}; there are: {}", asked, what, word,
                did_you_mean(word, known), join(known, ", "));
}

// The cells that one word asks for.
std::vector<std::string> cells_of(const std::string& asked, const Experiment& experiment) {
  std::vector<std::string> models = experiment.models, corpora = experiment.corpora;
  const std::vector<std::string> parts = split(asked, '/');
  if (parts.size() == 2) {
    require_known(asked, parts[0], "model", experiment.models);
    require_known(asked, parts[1], "corpus", experiment.corpora);
    return {asked};
  }
  std::vector<std::string> both = models;
  both.insert(both.end(), corpora.begin(), corpora.end());
  require_known(asked, asked, "model or corpus", both);
  (contains(models, asked) ? models : corpora) = {asked};
  std::vector<std::string> cells;
  for (const std::string& model : models)
    for (const std::string& corpus : corpora) cells.push_back(model + "/" + corpus);
  return cells;
}

}  // namespace

bool Experiment::has_cell(const std::string& model, const std::string& corpus) const {
  return only.empty() || contains(only, model + "/" + corpus);
}

void keep_only(const std::vector<std::string>& asked, Experiment& experiment) {
  for (const std::string& one : asked)
    for (const std::string& cell : cells_of(one, experiment))
      if (!contains(experiment.only, cell)) experiment.only.push_back(cell);
  if (experiment.only.empty()) return;
  const auto names_none = [&](const std::string& name, bool model) {
    return std::none_of(
        experiment.only.begin(), experiment.only.end(),
        [&](const std::string& cell) { return split(cell, '/')[model ? 0 : 1] == name; });
  };
  std::erase_if(experiment.models, [&](const auto& name) { return names_none(name, true); });
  std::erase_if(experiment.corpora, [&](const auto& name) { return names_none(name, false); });
}

}  // namespace repro::plan

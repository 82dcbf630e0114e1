#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "report/details.hpp"
#include "report/numbers.hpp"

namespace repro::report {
namespace {

std::string counts_text(const std::vector<int64_t>& counts) {
  std::vector<std::string> parts;
  for (int64_t count : counts) parts.push_back(with_commas(count));
  return join(parts, " ");
}

std::string gamma_text(const std::vector<double>& gamma) {
  std::vector<std::string> parts;
  for (double share : gamma) parts.push_back(fixed(share, 3));
  return join(parts, " ");
}

// Smallest and largest over pairs of different submodels.
std::string cosine_text(const std::vector<std::vector<double>>& cosine) {
  double low = 2, high = -2;
  for (size_t i = 0; i < cosine.size(); ++i)
    for (size_t j = 0; j < cosine[i].size(); ++j) {
      if (i == j) continue;
      low = std::min(low, cosine[i][j]);
      high = std::max(high, cosine[i][j]);
    }
  return low > high ? "-" : fmt::format("{} to {}", fixed(low, 4), fixed(high, 4));
}

std::string order_text(const OrderProof& order) {
  if (order.first_difference)
    return fmt::format("DIFFERENT from step {}", with_commas(*order.first_difference));
  return fmt::format("equal over {} steps", with_commas(order.compared));
}

void add_run(Table& table, std::set<std::string>& seen, const std::string& cell,
             const std::string& what, const Status& status) {
  if (!seen.insert(status.directory).second) return;
  table.add({cell, what, status.directory, obstacle_text(status)});
}

}  // namespace

Table method_internals(const Study& study) {
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left},
                   {.heading = "documents", .group = "clusters", .align = Align::left},
                   {.heading = "tokens", .group = "clusters", .align = Align::left},
                   {.heading = "variance explained", .group = "clusters"},
                   {.heading = "gamma", .group = "merge", .align = Align::left},
                   {.heading = "cosine of shared parts", .group = "merge"},
                   {.heading = "train loss", .group = "merged, before fine-tuning"},
                   {.heading = "valid loss", .group = "merged, before fine-tuning"},
                   {.heading = "data order, full and fine-tune", .align = Align::left}};
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds) {
      const CellOutcome& cell = seed.cell;
      std::vector<Cell> cells(table.columns.size(), "-");
      cells[0] = row.text(seed);
      if (cell.cluster.status.done()) {
        cells[1] = counts_text(cell.cluster.documents);
        cells[2] = counts_text(cell.cluster.tokens);
        cells[3] = {fixed(cell.cluster.variance_explained, 3), cell.cluster.variance_explained};
      } else {
        cells[1] = cell.cluster.status.text();
      }
      if (cell.merge.status.done()) {
        cells[4] = gamma_text(cell.merge.gamma);
        cells[5] = cosine_text(cell.merge.backbone_cosine);
      } else {
        cells[4] = cell.merge.status.text();
      }
      const auto loss = [](const std::optional<double>& value) {
        return value ? Cell(loss_text(*value), value) : Cell("-");
      };
      cells[6] = loss(cell.merge.train_loss);
      cells[7] = loss(cell.merge.valid_loss);
      if (seed.comparison) cells[8] = order_text(seed.comparison->order);
      table.add(std::move(cells));
    }
  table.notes = {
      "data order: the rolling hash of the token ids that both arms recorded, step by step"};
  return table;
}

Table differences(const Study& study) {
  Table table;
  table.columns = {{.heading = "value", .align = Align::left},
                   {.heading = "paper", .align = Align::left},
                   {.heading = "here", .align = Align::left},
                   {.heading = "set by", .align = Align::left}};
  for (const config::Difference& difference : study.experiment().differences)
    table.add({difference.path, difference.paper, difference.here, difference.origin});
  return table;
}

Table corpora(const Study& study) {
  Table table;
  table.columns = {{.heading = "role", .align = Align::left},
                   {.heading = "corpus", .align = Align::left},
                   {.heading = "what it is", .align = Align::left},
                   {.heading = "licence", .align = Align::left},
                   {.heading = "packages", .align = Align::left},
                   {.heading = "fingerprint", .align = Align::left}};
  std::set<std::string> seen;
  for (const StudyRow& row : study.rows) {
    if (!seen.insert(row.corpus).second) continue;
    const config::Corpus& corpus = study.experiment().corpus_entries.at(row.corpus);
    const Preparing& prepare = row.seeds.front().cell.prepare;
    table.add({row.corpus_title, corpus.name, corpus.title, corpus.licence,
               join(prepare.packages, ", "),
               prepare.status.done() ? prepare.fingerprint.substr(0, 16) : prepare.status.text()});
  }
  return table;
}

Table runs(const Study& study) {
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left},
                   {.heading = "job", .align = Align::left},
                   {.heading = "directory", .align = Align::left},
                   {.heading = "state", .align = Align::left}};
  std::set<std::string> seen;
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds) {
      const CellOutcome& cell = seed.cell;
      const std::string label = row.text(seed);
      add_run(table, seen, label, "prepare", cell.prepare.status);
      add_run(table, seen, label, "full", cell.full.status);
      for (const Training& run : cell.full_ladder)
        add_run(table, seen, label, "full, ladder", run.status);
      add_run(table, seen, label, "cluster", cell.cluster.status);
      for (const Training& run : cell.submodels)
        add_run(table, seen, label, "submodel", run.status);
      add_run(table, seen, label, "merge", cell.merge.status);
      for (const Training& run : cell.finetunes)
        add_run(table, seen, label, "fine-tune", run.status);
    }
  return table;
}

}  // namespace repro::report

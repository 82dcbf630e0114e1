#pragma once
// What a paper claims, as data: experiments/claims/*.toml. Tables hold numbers as printed, so that
// the number of decimals is known; checks declare which numbers must agree and how. No number of
// any paper stands in code: another paper is another file.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "claims/check_kinds.hpp"
#include "claims/quantities.hpp"
#include "config/model.hpp"
#include "config/node.hpp"

namespace repro::claims {

struct ClaimColumn {
  std::string id;        // "full_cost"
  std::string title;     // "Full cost"
  std::string unit;      // "USD", "h", "steps", "nats", "ppl", "%"; "" = text
  bool rounded = false;  // whole numbers in it are measurements, not counts
  bool cut_off = false;  // likewise, and known to have been cut off: "17" stands for [17, 18)
};

// A number as printed: "22.5036" has 4 decimals and stands for [22.50355, 22.50365]; "2664K" has
// -3; a count stands for itself.
struct ClaimCell {
  std::string printed;          // "" = the paper gives none
  std::optional<double> value;  // empty for text and for nothing
  int decimals = 0;
  bool exact = false;        // a count
  bool cut_off = false;      // stands for all from it to one unit more
  double half_unit() const;  // of the last printed decimal
};

struct ClaimRow {
  std::string id;                 // keys joined by '/': "qwen_moe/c4"
  std::vector<std::string> keys;  // {"qwen_moe", "c4"}
  std::vector<ClaimCell> cells;   // by column
  size_t printed_cells = 0;       // how many of the cells the paper prints in this row
  config::Source source;
};

struct ClaimTable {
  std::string id;  // "table3"
  std::string title;
  std::string where;              // "Table 3" or "section 4.2"
  std::vector<std::string> keys;  // names of the key parts: {"model", "corpus"}
  // The names over the columns as printed, where they are not the columns' own. The keys are then
  // ours; else they stand under names too.
  std::vector<std::string> heading;
  bool ragged = false;  // rows may have fewer cells, as printed; what is missing is at their end
  std::vector<ClaimColumn> columns;
  std::vector<ClaimRow> rows;
  config::Source source;

  std::optional<size_t> column(std::string_view id) const;
  const ClaimRow* row(std::string_view id) const;

  std::unordered_map<std::string, size_t> row_index;  // by id
};

// A named number of the text: a price, a count of experts, an item count of a task.
struct ClaimConstant {
  std::string id;
  ClaimCell cell;
  std::string unit;
  std::string where;   // place in the paper, or the outside source
  std::string origin;  // "paper", "assumed", "public": who says so
  config::Source source;
};

// A model the checks need FLOPs or parameters of.
struct ClaimModel {
  std::string id;  // "qwen_submodel"
  std::string title;
  std::string key;      // the row key it belongs to: "qwen_moe"
  std::string role;     // "full", "submodel"
  std::string reading;  // where the paper leaves the shape open: "688"; "" = it does not
  config::ModelConfig shape;
};

// A fact the reader needs to repeat the work.
struct ClaimFact {
  std::string name;     // "tokenizer"
  std::string origin;   // "paper", "assumed", "unknown"
  std::string value;    // "" when unknown
  std::string matters;  // what it changes
};

class Claims {
 public:
  std::string name;  // "moe_disco"
  std::string title;
  std::string source;                         // "arXiv ..., tables as printed"
  std::map<std::string, std::string> titles;  // of row keys: qwen_moe -> "Qwen"
  std::vector<ClaimTable> tables;
  std::vector<ClaimConstant> constants;
  std::vector<ClaimModel> models;
  std::vector<ClaimFact> facts;
  std::vector<ClaimCheck> checks;
  std::vector<Quantity> quantities;
  std::vector<View> views;

  const Quantity* quantity(std::string_view id) const;  // null when there is none
  const View* view(std::string_view id) const;
  const ClaimTable* table(std::string_view id) const;
  const ClaimConstant* constant(std::string_view id) const;
  // The row's models in this role, one for each reading of an ambiguous shape; `reading` "" = all.
  std::vector<const ClaimModel*> models_of(const ClaimRow& row, std::string_view role,
                                           std::string_view reading = "") const;
  std::vector<std::string> titles_of(const ClaimRow& row) const;  // {"Qwen", "C4"}
  std::string title_of(const ClaimRow& row) const;                // "Qwen / C4"
  // The cell, or null when the table, row or column is absent or the paper gives no number.
  const ClaimCell* cell(std::string_view table, std::string_view row,
                        std::string_view column) const;
  std::optional<double> value(std::string_view table, std::string_view row,
                              std::string_view column) const;
};

// Error with every problem at once: a check that names a missing table, column, constant, model; a
// cell that is no number; a duplicate row; a row with too few cells.
Claims load_claims(const std::filesystem::path& path, const std::string& shown_as);
// experiments/claims/NAME.toml under `root` ('-' and '_' are the same), or a path ending in .toml.
Claims find_claims(const std::filesystem::path& root, const std::string& name);
std::vector<std::string> claims_names(const std::filesystem::path& root);

}  // namespace repro::claims

#include "claims/quantities.hpp"

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "claims/audit_formula.hpp"
#include "claims/claims.hpp"
#include "claims/references.hpp"
#include "config/fields.hpp"

namespace repro::claims {
namespace {

struct QuantityFields {
  Quantity quantity;
  std::string paper, here;
};

void describe(config::Fields& fields, QuantityFields& entry) {
  Quantity& quantity = entry.quantity;
  fields.field("id", quantity.id, config::required());
  fields.field("title", quantity.title, config::required());
  fields.field("unit", quantity.unit,
               config::one_of({"USD", "h", "steps", "%", "nats", "bits", "x", "ppl", ""}));
  fields.field("sense", quantity.sense, config::one_of({"at_least", "at_most", "about"}));
  fields.field("scale_free", quantity.scale_free);
  fields.field("table", quantity.table);
  fields.field("row", quantity.row);
  fields.field("convention", quantity.convention);
  fields.field("reading", quantity.reading);
  fields.field("paper", entry.paper);
  fields.field("here", entry.here);
}

std::optional<Expression> parse(const std::string& text, const Quantity& quantity,
                                config::Problems& problems) {
  if (text.empty()) return std::nullopt;
  try {
    return Expression(text);
  } catch (const Error& error) {
    problems.add(quantity.source, "quantity '{}': {}", quantity.id, error.what());
    return std::nullopt;
  }
}

CheckHead head_of(const Quantity& quantity) {
  CheckHead head;
  head.id = quantity.id;
  head.table = quantity.table;
  head.reading = quantity.reading;
  head.convention = quantity.convention;
  head.source = quantity.source;
  return head;
}

std::vector<std::string> ids_of(const std::vector<Quantity>& quantities) {
  std::vector<std::string> ids;
  for (const Quantity& quantity : quantities) ids.push_back(quantity.id);
  return ids;
}

void check_table(const Claims& claims, const Quantity& quantity, config::Problems& problems) {
  std::vector<std::string> tables;
  for (const ClaimTable& table : claims.tables) tables.push_back(table.id);
  const ClaimTable* table = claims.table(quantity.table);
  if (!quantity.table.empty() && table == nullptr)
    problems.add(quantity.source, "quantity '{}': table = \"{}\" is not declared{}", quantity.id,
                 quantity.table, did_you_mean(quantity.table, tables));
  if (quantity.paper && quantity.table.empty())
    problems.add(quantity.source, "quantity '{}': paper needs the table whose rows it is over",
                 quantity.id);
  if (table == nullptr || quantity.row.empty() || table->row(quantity.row) != nullptr) return;
  std::vector<std::string> rows;
  for (const ClaimRow& row : table->rows) rows.push_back(row.id);
  problems.add(quantity.source, "quantity '{}': table '{}' has no row '{}'{}; there are: {}",
               quantity.id, quantity.table, quantity.row, did_you_mean(quantity.row, rows),
               join(rows, ", "));
}

void check_sides(const Quantity& quantity, const std::string& paper, const std::string& here,
                 config::Problems& problems) {
  if (paper.empty() && here.empty())
    problems.add(quantity.source, "quantity '{}' has neither paper nor here; give one of them",
                 quantity.id);
}

void check_paper(const Claims& claims, const Quantity& quantity, config::Problems& problems) {
  const ClaimTable* table = claims.table(quantity.table);
  if (!quantity.paper || table == nullptr) return;
  const ClaimRow* only = table->row(quantity.row);
  if (!quantity.row.empty() && only == nullptr) return;  // already reported
  check_formula(claims, head_of(quantity), "quantity", only, *quantity.paper, problems);
}

// Every table and column that a view of scores names.
void check_scores(const Claims& claims, const View& view, config::Problems& problems) {
  const auto need_column = [&](const std::string& id, const std::string& column) {
    const ClaimTable* table = claims.table(id);
    if (table == nullptr)
      problems.add(view.source, "view '{}': scores: table '{}' is not declared", view.id, id);
    else if (!table->column(column))
      problems.add(view.source, "view '{}': scores: table '{}' has no column '{}'", view.id, id,
                   column);
  };
  const ViewScores& scores = view.scores;
  if (scores.table.empty()) return;
  for (const auto& [arm, column] : scores.columns) need_column(scores.table, column);
  const std::vector<std::string> items = split(scores.items, '.');
  if (items.size() == 2)
    need_column(items[0], items[1]);
  else
    problems.add(view.source, "view '{}': scores: items = \"{}\": expected TABLE.COLUMN", view.id,
                 scores.items);
}

void check_view(const Claims& claims, const View& view, config::Problems& problems) {
  const std::vector<std::string> known = ids_of(claims.quantities);
  const auto need = [&](const std::string& id, const char* what) {
    if (claims.quantity(id) == nullptr)
      problems.add(view.source, "view '{}': {} '{}' is no quantity{}", view.id, what, id,
                   did_you_mean(id, known));
  };
  const bool scores = view.layout == "scores";
  if (view.columns.empty() && !scores)
    problems.add(view.source, "view '{}' has no columns; add [[view.columns]] with a quantity",
                 view.id);
  if (!view.verdict.empty())
    need(view.verdict, "verdict");
  else if (!scores)
    problems.add(view.source,
                 "view '{}' has no verdict; name the quantity whose verdict a row shows", view.id);
  for (const std::string& id : view.quantities) need(id, "quantities:");
  if (scores) return check_scores(claims, view, problems);
  const Quantity* verdict = claims.quantity(view.verdict);
  if (verdict != nullptr && !verdict->here)
    problems.add(view.source, "view '{}': verdict '{}' has no here: nothing to judge", view.id,
                 view.verdict);
  for (const ViewColumn& column : view.columns) {
    need(column.quantity, "column");
    for (const std::string& part : column.parts) need(part, "part");
    if (!column.paper && !column.here)
      problems.add(view.source, "view '{}': column '{}' shows neither paper nor here", view.id,
                   column.quantity);
  }
}

template <typename T>
void check_once(const std::vector<T>& all, const char* what, config::Problems& problems) {
  std::set<std::string> seen;
  for (const T& one : all)
    if (!seen.insert(one.id).second)
      problems.add(one.source, "{} '{}' is given twice", what, one.id);
}

}  // namespace

void describe(config::Fields& fields, ViewColumn& column) {
  fields.field("quantity", column.quantity, config::required());
  fields.field("parts", column.parts);
  fields.field("group", column.group);
  fields.field("heading", column.heading);
  fields.field("paper", column.paper);
  fields.field("here", column.here);
  fields.field("range", column.range);
}

void describe(config::Fields& fields, ViewScores& scores) {
  fields.field("table", scores.table);
  fields.field("items", scores.items);
  fields.field("cells", scores.cells);
  fields.field("columns", scores.columns);
}

void describe(config::Fields& fields, View& view) {
  fields.field("id", view.id, config::required());
  fields.field("title", view.title, config::required());
  fields.field("layout", view.layout, config::one_of({"beside", "below", "scores"}));
  fields.field("verdict", view.verdict);
  fields.table("scores", view.scores);
  fields.field("quantities", view.quantities);
  fields.list("columns", view.columns);
  fields.field("notes", view.notes);
  fields.field("pictures", view.pictures,
               config::one_of({"curves", "profile", "plane", "scaling"}));
  fields.table("scaling", view.scaling);
}

Quantity read_quantity(const config::Node& node, config::Problems& problems) {
  auto entry = config::from_node<QuantityFields>(node, problems);
  entry.quantity.source = node.source;
  check_sides(entry.quantity, entry.paper, entry.here, problems);
  entry.quantity.paper = parse(entry.paper, entry.quantity, problems);
  entry.quantity.here = parse(entry.here, entry.quantity, problems);
  return entry.quantity;
}

View read_view(const config::Node& node, config::Problems& problems) {
  View view = config::from_node<View>(node, problems);
  view.source = node.source;
  return view;
}

void check_quantities(const Claims& claims, config::Problems& problems) {
  check_once(claims.quantities, "quantity", problems);
  check_once(claims.views, "view", problems);
  for (const Quantity& quantity : claims.quantities) {
    check_table(claims, quantity, problems);
    check_paper(claims, quantity, problems);
  }
  for (const View& view : claims.views) {
    check_view(claims, view, problems);
    check_scaling(claims, view, problems);
  }
}

Here parse_here(std::string_view name) {
  const std::vector<std::string> parts = split(name, '.');
  Here here{parts[0], parts.size() > 1 ? parts[1] : "", parts.size() > 2 ? parts[2] : ""};
  for (size_t i = 3; i < parts.size(); ++i) here.phase += "." + parts[i];
  return here;
}

const std::vector<std::string>& known_measures() {
  static const std::vector<std::string> kMeasures = split(
      "steps tokens flops flops_palm hours device_hours dollars billed_hours "
      "billed_device_hours billed_dollars train_loss unseen_loss ppl bits_per_byte "
      "active_share parameters experts gini spike recovery_steps attention_share "
      "tokens_per_second",
      ' ');
  return kMeasures;
}

void check_here(const Quantity& quantity, const std::vector<ArmNames>& arms,
                config::Problems& problems) {
  if (!quantity.here) return;
  std::vector<std::string> names;
  for (const ArmNames& arm : arms) names.push_back(arm.name);
  const auto add = [&](const std::string& text) {
    problems.add(quantity.source, "quantity '{}': {}", quantity.id, text);
  };
  for (const Reference& reference : quantity.here->references()) {
    if (reference.over != Reference::Over::row) {
      add(fmt::format(
          "least(), greatest() and sum() are over a paper's table, '{}' is measured here",
          reference.name));
      continue;
    }
    const Here here = parse_here(reference.name);
    const auto& measures = known_measures();
    if (std::find(measures.begin(), measures.end(), here.measure) == measures.end()) {
      add(fmt::format("'{}' is no measure{}; there are: {}", here.measure,
                      did_you_mean(here.measure, measures), join(measures, ", ")));
      continue;
    }
    const auto arm = std::find_if(arms.begin(), arms.end(),
                                  [&](const ArmNames& one) { return one.name == here.arm; });
    if (arm == arms.end()) {
      add(fmt::format("'{}': the experiment has no arm '{}'{}; there are: {}", reference.name,
                      here.arm, did_you_mean(here.arm, names), join(names, ", ")));
      continue;
    }
    const bool known_phase = here.phase.empty() || std::find(arm->phases.begin(), arm->phases.end(),
                                                             here.phase) != arm->phases.end();
    if (!known_phase)
      add(fmt::format("'{}': arm '{}' has no phase '{}'{}; there are: {}", reference.name,
                      arm->name, here.phase, did_you_mean(here.phase, arm->phases),
                      join(arm->phases, ", ")));
  }
}

std::vector<const Quantity*> quantities_of(const Claims& claims, const View& view) {
  std::vector<const Quantity*> all;
  const auto add = [&](const std::string& id) {
    const Quantity* quantity = claims.quantity(id);
    check(quantity != nullptr, "a loaded view names quantities that are there");
    if (std::find(all.begin(), all.end(), quantity) == all.end()) all.push_back(quantity);
  };
  for (const std::string& id : view.quantities) add(id);
  for (const ViewColumn& column : view.columns) {
    add(column.quantity);
    for (const std::string& part : column.parts) add(part);
  }
  if (!view.verdict.empty()) add(view.verdict);
  return all;
}

std::optional<Ranged> paper_value(const Claims& claims, const Quantity& quantity,
                                  const ClaimRow& row) {
  if (!quantity.paper) return std::nullopt;
  const CheckHead head = head_of(quantity);
  return Formula(claims, head, quantity.paper->text()).at(&row);
}

}  // namespace repro::claims

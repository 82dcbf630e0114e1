#include "claims/references.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace repro::claims {
namespace {

template <typename T>
void append(std::vector<std::string>& to, const T& from) {
  to.insert(to.end(), from.begin(), from.end());
}

// The formulas of each kind of check.
std::vector<std::string> formulas(const EquationCheck& c) { return {c.left, c.right}; }
std::vector<std::string> formulas(const ConstantCheck& c) { return {c.value}; }
std::vector<std::string> formulas(const RowWidthCheck&) { return {}; }
std::vector<std::string> formulas(const RatioCheck& c) { return {c.numerator, c.denominator}; }
std::vector<std::string> formulas(const PriceCheck& c) {
  std::vector<std::string> all = {c.full_hours, c.low_hours, c.high_hours,
                                  c.devices,    c.low_price, c.high_price};
  for (const std::string* optional :
       {&c.other_low_price, &c.other_high_price, &c.full_cost, &c.method_cost, &c.full_steps,
        &c.low_steps, &c.high_steps, &c.tokens_per_step})
    if (!optional->empty()) all.push_back(*optional);
  return all;
}
std::vector<std::string> formulas(const RooflineCheck& c) {
  return {c.steps, c.hours, c.tokens_per_step, "flops_" + c.role};
}
std::vector<std::string> formulas(const MfuCheck& c) {
  std::vector<std::string> all = {c.tokens_per_second};
  for (const FlopReading& reading : c.readings) all.push_back(reading.flops);
  if (!c.role.empty()) all.push_back("flops_" + c.role);
  for (const std::string* optional : {&c.printed, &c.peak})
    if (!optional->empty()) all.push_back(*optional);
  return all;
}
std::vector<std::string> formulas(const StepTimeCheck& c) { return {c.steps, c.hours}; }
std::vector<std::string> formulas(const PerplexityCheck& c) { return {c.loss, c.perplexity}; }
std::vector<std::string> formulas(const TargetCheck& c) { return {c.reached, c.target}; }
std::vector<std::string> formulas(const MemoryCheck& c) {
  return c.memory_gb.empty() ? std::vector<std::string>{} : std::vector{c.memory_gb};
}
std::vector<std::string> formulas(const GrimCheck& c) {
  std::vector<std::string> all = {c.items};
  append(all, c.columns);
  append(all, c.alternatives);
  return all;
}
std::vector<std::string> formulas(const ChanceCheck& c) {
  std::vector<std::string> all = {c.items, c.chance};
  append(all, c.columns);
  append(all, c.constant_rates);
  return all;
}
std::vector<std::string> formulas(const ProportionCheck& c) { return {c.base, c.other, c.items}; }
std::vector<std::string> formulas(const ReportedCheck&) { return {}; }

class ReferenceChecker {
 public:
  ReferenceChecker(const Claims& claims, config::Problems& problems)
      : claims_(claims), problems_(problems) {}

  void visit(const ClaimCheck& check) {
    head_ = &head_of(check);
    table_ = claims_.table(head_->table);
    if (table_ == nullptr && !head_->table.empty()) {
      add("table = \"{}\" is not declared{}", head_->table,
          did_you_mean(head_->table, table_ids()));
      return;
    }
    for (const std::string& text : std::visit([](const auto& c) { return formulas(c); }, check))
      formula(text);
    std::visit([&](const auto& c) { particular(c); }, check);
  }

  // A formula of something else that is called `noun` in messages; `only` = the one row it is
  // evaluated in, null = every row of its table.
  void visit(const CheckHead& head, const char* noun, const ClaimRow* only,
             const Expression& expression) {
    head_ = &head;
    noun_ = noun;
    only_ = only;
    table_ = claims_.table(head.table);
    for (const Reference& reference : expression.references()) name(reference);
  }

 private:
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    problems_.add(head_->source, "{} '{}': {}", noun_, head_->id,
                  fmt::format(format, std::forward<Args>(args)...));
  }

  void formula(const std::string& text) {
    try {
      const Expression expression(text);
      for (const Reference& reference : expression.references()) name(reference);
    } catch (const Error& error) {
      add("{}", error.what());
    }
  }

  void name(const Reference& reference) {
    const auto found = resolve(claims_, *head_, reference.name);
    if (!found)
      return add("'{}' is no column, constant or model quantity{}", reference.name,
                 did_you_mean(reference.name, names_in(claims_, head_->table)));
    if (reference.over != Reference::Over::row && found->kind != Resolved::Kind::cell)
      return add("least(), greatest() and sum() take table.column, got '{}'", reference.name);
    if (found->kind == Resolved::Kind::cell) return cell(reference, *found);
    if (found->kind == Resolved::Kind::flops || found->kind == Resolved::Kind::parameters)
      models(*found);
  }

  void cell(const Reference& reference, const Resolved& found) {
    if (found.table->columns[found.column].unit == "text")
      return add("'{}' is a column of text", reference.name);
    if (reference.over != Reference::Over::row || found.table == table_) return;
    if (table_ == nullptr)
      return add("'{}' needs a row, but the {} has no table", reference.name, noun_);
    for (const ClaimRow* row : rows())
      if (row_in(*found.table, *table_, *row) == nullptr)
        problems_.add(row->source,
                      "row '{}' of table '{}': {} '{}' needs {}, and table '{}' has no "
                      "such row; add it, with \"\" where the paper gives no number",
                      row->id, table_->id, noun_, head_->id, reference.name, found.table->id);
  }

  void models(const Resolved& found) {
    if (table_ == nullptr) return add("a model's quantity needs a table of rows");
    for (const ClaimRow* row : rows())
      if (claims_.models_of(*row, found.role, head_->reading).empty())
        add("no [[model]] with role = \"{}\"{} for row '{}'", found.role,
            head_->reading.empty() ? "" : fmt::format(" and reading = \"{}\"", head_->reading),
            row->id);
    if (claims_.constant(head_->sequence) == nullptr)
      add("FLOPs need the constant '{}' (tokens of a sequence)", head_->sequence);
  }

  template <typename Check>
  void particular(const Check&) {
    if (table_ == nullptr) add("this kind of check needs a table");
  }
  void particular(const RatioCheck&) {}
  void particular(const RooflineCheck& check) {
    if (table_ == nullptr) return add("this kind of check needs a table");
    Resolved flops;
    flops.role = check.role;
    models(flops);
  }
  void particular(const MfuCheck& check) {
    if (check.role.empty() && check.readings.empty())
      add("one of role (of a [[model]]) and readings must be given");
    if (check.device.empty() == check.peak.empty())
      add("one of device (a hardware profile) and peak (a formula) must be given");
    if (check.dtypes.empty()) add("dtypes = []; name at least one");
  }
  void particular(const ConstantCheck& check) {
    if (table_ == nullptr) return add("this kind of check needs a table");
    if (!check.group_by.empty() && !table_->column(check.group_by)) key(check.group_by);
  }
  void particular(const EquationCheck& check) {
    const bool both_exact = check.tolerance || check.relation != "=";
    if (both_exact || check.right.empty()) return;
    try {
      if (!Expression(check.left).is_single_name())
        add("tolerance is needed, because left = \"{}\" is not one printed number", check.left);
    } catch (const Error&) {
      // already reported by formula()
    }
  }
  void particular(const PriceCheck& check) {
    if (table_ == nullptr) add("this kind of check needs a table");
    if (check.other_low_price.empty() != check.other_high_price.empty())
      add("other_low_price and other_high_price go together");
  }
  void particular(const MemoryCheck& check) {
    const auto has_role = [&](const ClaimModel& model) { return model.role == check.role; };
    if (std::none_of(claims_.models.begin(), claims_.models.end(), has_role))
      add("no [[model]] with role = \"{}\"", check.role);
    if (check.device.empty() == check.memory_gb.empty())
      add("one of device (a hardware profile) and memory_gb (a formula) must be given");
  }
  void particular(const StepTimeCheck& check) {
    if (table_ == nullptr) return add("this kind of check needs a table");
    key(check.group_by);
  }
  void key(const std::string& name) {
    if (std::find(table_->keys.begin(), table_->keys.end(), name) == table_->keys.end())
      add("group_by = \"{}\" is no key of table '{}'; its keys: {}", name, table_->id,
          join(table_->keys, ", "));
  }
  void particular(const ReportedCheck& check) {
    for (const std::string& fact : check.facts)
      if (std::none_of(claims_.facts.begin(), claims_.facts.end(),
                       [&](const ClaimFact& known) { return known.name == fact; }))
        add("no [[fact]] named '{}'", fact);
  }

  // Where the formula is evaluated.
  std::vector<const ClaimRow*> rows() const {
    if (only_ != nullptr) return {only_};
    std::vector<const ClaimRow*> all;
    for (const ClaimRow& row : table_->rows) all.push_back(&row);
    return all;
  }
  std::vector<std::string> table_ids() const {
    std::vector<std::string> ids;
    for (const ClaimTable& table : claims_.tables) ids.push_back(table.id);
    return ids;
  }
  const Claims& claims_;
  config::Problems& problems_;
  const CheckHead* head_ = nullptr;
  const char* noun_ = "check";
  const ClaimRow* only_ = nullptr;
  const ClaimTable* table_ = nullptr;
};

}  // namespace

const ClaimRow* row_in(const ClaimTable& other, const ClaimTable& table, const ClaimRow& row) {
  if (const ClaimRow* same = other.row(row.id)) return same;
  std::vector<std::string> keys;
  for (const std::string& key : other.keys) {
    const auto at = std::find(table.keys.begin(), table.keys.end(), key);
    if (at == table.keys.end()) return nullptr;
    keys.push_back(row.keys[static_cast<size_t>(at - table.keys.begin())]);
  }
  return other.row(join(keys, "/"));
}

std::optional<Resolved> resolve(const Claims& claims, const CheckHead& head,
                                std::string_view name) {
  Resolved resolved;
  const size_t dot = name.find('.');
  resolved.table = claims.table(dot == std::string_view::npos ? head.table : name.substr(0, dot));
  if (resolved.table != nullptr) {
    const auto column =
        resolved.table->column(dot == std::string_view::npos ? name : name.substr(dot + 1));
    if (column) {
      resolved.kind = Resolved::Kind::cell;
      resolved.column = *column;
      return resolved;
    }
  }
  resolved.table = nullptr;
  if (name.starts_with("flops_") || name.starts_with("params_")) {
    resolved.kind = name.starts_with("flops_") ? Resolved::Kind::flops : Resolved::Kind::parameters;
    resolved.role = name.substr(name.find('_') + 1);
    return resolved;
  }
  resolved.constant = claims.constant(name);
  if (resolved.constant == nullptr) return std::nullopt;
  resolved.kind = Resolved::Kind::constant;
  return resolved;
}

std::vector<std::string> names_in(const Claims& claims, std::string_view table_id) {
  std::vector<std::string> names;
  for (const ClaimConstant& constant : claims.constants) names.push_back(constant.id);
  for (const ClaimTable& table : claims.tables)
    for (const ClaimColumn& column : table.columns) {
      names.push_back(table.id + "." + column.id);
      if (table.id == table_id) names.push_back(column.id);
    }
  return names;
}

void check_references(const Claims& claims, config::Problems& problems) {
  ReferenceChecker checker(claims, problems);
  for (const ClaimCheck& check : claims.checks) checker.visit(check);
}

void check_formula(const Claims& claims, const CheckHead& head, const char* noun,
                   const ClaimRow* only, const Expression& expression, config::Problems& problems) {
  ReferenceChecker(claims, problems).visit(head, noun, only, expression);
}

}  // namespace repro::claims

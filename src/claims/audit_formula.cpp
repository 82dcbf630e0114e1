#include "claims/audit_formula.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "base/text.hpp"
#include "measure/flops.hpp"
#include "measure/parameters.hpp"

namespace repro::claims {
namespace {

// The smallest or largest printed number of a column; null when the paper prints none.
const ClaimCell* extreme_cell(const Resolved& column, Reference::Over over) {
  const ClaimCell* best = nullptr;
  for (const ClaimRow& row : column.table->rows) {
    const ClaimCell& cell = row.cells[column.column];
    if (!cell.value) continue;
    const bool better =
        best == nullptr ||
        (over == Reference::Over::least ? *cell.value < *best->value : *cell.value > *best->value);
    if (better) best = &cell;
  }
  return best;
}

// A count is exact; a rounded number stands for all that round to it.
std::optional<Ranged> range_of(const ClaimCell& cell) {
  if (!cell.value) return std::nullopt;
  if (cell.cut_off) return Ranged{*cell.value, *cell.value, *cell.value + 2 * cell.half_unit()};
  const double half = cell.exact ? 0 : cell.half_unit();
  return Ranged{*cell.value, *cell.value - half, *cell.value + half};
}

std::string plain(const ClaimCell& cell) {
  std::string text = cell.printed;
  std::erase(text, ',');
  return text;
}

}  // namespace

int64_t counted(double value, double most, const char* what) {
  if (!(value >= 0.5 && value <= most))
    throw Error("{} {}; expected 1 to {:.0e}", value, what, most);
  return std::llround(value);
}

int64_t sequence_of(const Claims& claims, const CheckHead& head) {
  const ClaimConstant* constant = claims.constant(head.sequence);
  return counted(constant == nullptr ? 0 : constant->cell.value.value_or(0), 1e7,
                 "tokens of a sequence");
}

int64_t model_quantity(const Claims& claims, const CheckHead& head, const ClaimRow& row,
                       const Resolved& resolved) {
  const int64_t sequence = sequence_of(claims, head);
  int64_t least = std::numeric_limits<int64_t>::max();
  for (const ClaimModel* model : claims.models_of(row, resolved.role, head.reading))
    least =
        std::min(least, resolved.kind == Resolved::Kind::parameters
                            ? measure::count_parameters(model->shape).full()
                            : measure::flops_per_token(measure::parse_convention(head.convention),
                                                       model->shape, sequence));
  return least;
}

Formula::Formula(const Claims& claims, const CheckHead& head, const std::string& text)
    : claims_(claims), head_(head), expression_(text), table_(claims.table(head.table)) {
  for (const Reference& reference : expression_.references()) {
    Input input{reference, {}, nullptr};
    const auto resolved = resolve(claims, head, reference.name);
    check(resolved.has_value(), "a formula's names were checked when the claims were loaded");
    input.resolved = *resolved;
    if (reference.over == Reference::Over::sum)
      add_up(input);
    else if (reference.over != Reference::Over::row)
      input.extreme = extreme_cell(*resolved, reference.over);
    inputs_.push_back(std::move(input));
  }
}

// Nothing where the paper leaves one of the addends out.
void Formula::add_up(Input& input) const {
  constexpr size_t kMostShown = 6;
  std::vector<std::string> addends;
  Ranged total;
  for (const ClaimRow& row : input.resolved.table->rows) {
    const auto one = range_of(row.cells[input.resolved.column]);
    if (!one) return;
    total = {total.value + one->value, total.low + one->low, total.high + one->high};
    addends.push_back(plain(row.cells[input.resolved.column]));
  }
  if (addends.empty()) return;
  input.total = total;
  input.addends = addends.size() > kMostShown
                      ? fmt::format("({} numbers: {:.6g})", addends.size(), total.value)
                      : fmt::format("({})", join(addends, " + "));
}

const ClaimCell* Formula::cell(const Input& input, const ClaimRow* row) const {
  if (input.reference.over != Reference::Over::row) return input.extreme;
  if (input.resolved.kind == Resolved::Kind::constant) return &input.resolved.constant->cell;
  if (input.resolved.kind != Resolved::Kind::cell) return nullptr;
  const ClaimRow* of =
      input.resolved.table == table_ ? row : row_in(*input.resolved.table, *table_, *row);
  return &of->cells[input.resolved.column];
}

std::optional<Ranged> Formula::value_of(const Input& input, const ClaimRow* row) const {
  if (input.reference.over == Reference::Over::sum) return input.total;
  const ClaimCell* at = cell(input, row);
  if (at == nullptr && input.reference.over != Reference::Over::row) return std::nullopt;
  if (at == nullptr)
    return exactly(static_cast<double>(model_quantity(claims_, head_, *row, input.resolved)));
  return range_of(*at);
}

std::string Formula::printed(const Input& input, const ClaimRow* row) const {
  if (input.total) return input.addends;
  const ClaimCell* at = cell(input, row);
  if (at == nullptr && input.reference.over == Reference::Over::row)
    return fmt::format("{}", model_quantity(claims_, head_, *row, input.resolved));
  return at == nullptr || at->printed.empty() ? "?" : plain(*at);
}

std::optional<Ranged> Formula::at(const ClaimRow* row) const {
  std::vector<std::optional<Ranged>> values;
  values.reserve(inputs_.size());
  for (const Input& input : inputs_) values.push_back(value_of(input, row));
  return expression_.evaluate(values);
}

double Formula::value(const ClaimRow* row) const {
  const auto ranged = at(row);
  check(ranged.has_value(), "the value of a formula whose inputs are there");
  return ranged->value;
}

std::string Formula::missing(const ClaimRow* row) const {
  for (const Input& input : inputs_)
    if (!value_of(input, row)) return input.reference.name;
  return text();
}

std::string Formula::substituted(const ClaimRow* row) const {
  std::vector<std::string> texts;
  for (const Input& input : inputs_) texts.push_back(printed(input, row));
  return expression_.substitute(texts);
}

std::vector<std::pair<std::string, std::string>> Formula::inputs(const ClaimRow* row) const {
  std::vector<std::pair<std::string, std::string>> all;
  for (const Input& input : inputs_) all.emplace_back(input.reference.name, printed(input, row));
  return all;
}

std::vector<Formula::Single> Formula::singles(const ClaimRow* row) const {
  std::vector<Single> all;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const Input& input = inputs_[i];
    const ClaimCell* at = input.reference.over == Reference::Over::row ? cell(input, row) : nullptr;
    if (at != nullptr && at->value)
      all.push_back({i, input.reference.name, plain(*at), *at->value});
  }
  return all;
}

std::optional<double> Formula::with(const ClaimRow* row, size_t single, double value) const {
  std::vector<std::optional<Ranged>> values;
  values.reserve(inputs_.size());
  for (const Input& input : inputs_) values.push_back(value_of(input, row));
  values.at(single) = exactly(value);
  const auto result = expression_.evaluate(values);
  return result ? std::optional(result->value) : std::nullopt;
}

std::optional<double> Formula::half_unit(const ClaimRow* row) const {
  if (!expression_.is_single_name()) return std::nullopt;
  const ClaimCell* at = cell(inputs_[0], row);
  return at == nullptr ? std::nullopt : std::optional(at->half_unit());
}

}  // namespace repro::claims

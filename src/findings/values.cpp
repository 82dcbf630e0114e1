#include "findings/values.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "base/error.hpp"
#include "base/text.hpp"
#include "claims/audit_formula.hpp"
#include "findings/numbers.hpp"
#include "measure/parameters.hpp"

namespace repro::findings {
namespace {

using claims::Here;
using measure::Reach;
using plan::ArmPlan;
using plan::JobWork;
using Value = std::optional<double>;

struct ArmAt {
  const ArmPlan& arm;
  const Standing& standing;
  double steps;
};

double steps_at(const Standing& standing, Position position) {
  switch (position) {
    case Position::least:
      return standing.least;
    case Position::at:
      return standing.at;
    case Position::most:
      return standing.most.value_or(standing.at);
    case Position::beyond:
      return 1.5 * standing.at;
  }
  return standing.at;
}

// Index of a reading, 0 (as trained) for "".
std::optional<size_t> reading_of(const ArmPlan& arm, const std::string& name) {
  for (size_t i = 0; i < arm.readings.size(); ++i)
    if (arm.readings[i].name == name) return i;
  return std::nullopt;
}

// Of the ending whose model stands for the arm. Under a budget that falls between two endings: on
// the line between them, loss against log-steps.
Value quality(const Seed& seed, const ArmAt& at,
              const std::function<Value(const plan::Ending&)>& of) {
  const auto& endings = at.arm.endings;
  const size_t deciding = at.standing.deciding;
  const bool between = seed.runs.plan().experiment.protocol == plan::Protocol::budget &&
                       at.standing.reach == Reach::reached && deciding > 0 &&
                       std::llround(at.standing.at) != endings[deciding].steps;
  if (!between) return of(endings[deciding]);
  const Value from = of(endings[deciding - 1]), to = of(endings[deciding]);
  if (!from || !to) return std::nullopt;
  const auto below = static_cast<double>(endings[deciding - 1].steps);
  const auto above = static_cast<double>(endings[deciding].steps);
  const double part = std::log(at.standing.at / below) / std::log(above / below);
  return *from + part * (*to - *from);
}

Value model_value(const Here& here, const Seed& seed, const ArmAt& at) {
  const auto reading = reading_of(at.arm, here.phase);
  if (!reading) return std::nullopt;
  const auto measured = [&](const char* measure, double Measured::*what) {
    return quality(seed, at, [&](const plan::Ending& ending) -> Value {
      const Measured* found = seed.runs.measured(ending, measure, *reading);
      return found ? Value(found->*what) : std::nullopt;
    });
  };
  if (here.measure == "train_loss")
    return quality(seed, at, [&](const plan::Ending& ending) -> Value {
      return seed.runs.training(ending.job) ? Value(seed.runs.final_loss(ending.job))
                                            : std::nullopt;
    });
  if (here.measure == "unseen_loss") return measured("unseen", &Measured::loss);
  if (here.measure == "bits_per_byte") return measured("unseen", &Measured::bits_per_byte);
  if (here.measure == "ppl") {
    const Value loss = measured("ppl", &Measured::loss);
    return loss ? Value(std::exp(*loss)) : std::nullopt;
  }
  if (here.measure == "active_share")
    return quality(seed, at, [&](const plan::Ending& ending) -> Value {
      const auto& evaluation = seed.runs[ending.evals[*reading]].evaluation;
      return evaluation ? evaluation->active_share : std::nullopt;
    });
  if (here.measure == "experts") return static_cast<double>(at.arm.model.experts);
  if (here.measure == "parameters")
    return static_cast<double>(measure::count_parameters(at.arm.model).full());
  return std::nullopt;
}

struct WorkMeasure {
  const char* name;
  Value (*of_arm)(const plan::Work&);
  Value (*of_phase)(const plan::PhaseWork&);
};

constexpr plan::ClockKind kTrain = plan::ClockKind::train;

const WorkMeasure kWorkMeasures[] = {
    {"steps", [](const plan::Work& work) -> Value { return work.steps(); },
     [](const plan::PhaseWork& phase) -> Value { return phase.most_steps(); }},
    {"tokens", [](const plan::Work& work) -> Value { return work.sum(&JobWork::tokens); },
     [](const plan::PhaseWork& phase) -> Value { return phase.sum(&JobWork::tokens); }},
    {"flops", [](const plan::Work& work) -> Value { return work.sum(&JobWork::flops); },
     [](const plan::PhaseWork& phase) -> Value { return phase.sum(&JobWork::flops); }},
    {"flops_palm", [](const plan::Work& work) -> Value { return work.sum(&JobWork::flops_palm); },
     [](const plan::PhaseWork& phase) -> Value { return phase.sum(&JobWork::flops_palm); }},
    {"hours", [](const plan::Work& work) -> Value { return work.hours(); },
     [](const plan::PhaseWork& phase) -> Value { return phase.hours(); }},
    {"train_hours", [](const plan::Work& work) -> Value { return work.hours(kTrain); },
     [](const plan::PhaseWork& phase) -> Value { return phase.hours(kTrain); }},
    {"device_hours", [](const plan::Work& work) -> Value { return work.device_hours(); },
     [](const plan::PhaseWork& phase) -> Value { return phase.device_hours(); }},
};

Value dollars(const plan::Work& work, const std::string& phase, const Prices& prices) {
  const auto bill = measure::bill(work.to_bill(plan::ClockKind::wall, /*overheads=*/!phase.empty()),
                                  [&](const std::string& device) { return prices.of(device); }, {});
  if (phase.empty()) return bill.complete() ? Value(bill.dollars) : std::nullopt;
  for (const measure::PhaseCost& cost : bill.phases)
    if (cost.name == phase) return cost.dollars;
  return std::nullopt;
}

Value work_value(const Here& here, const Study& study, const Seed& seed, const ArmAt& at) {
  const auto work = seed.runs.work_at(at.arm, at.steps);
  if (!work) return std::nullopt;
  if (here.measure == "dollars") return dollars(*work, here.phase, study.prices);
  for (const WorkMeasure& measure : kWorkMeasures) {
    if (here.measure != measure.name) continue;
    if (here.phase.empty()) return measure.of_arm(*work);
    const plan::PhaseWork* phase = work->phase(here.phase);
    return phase ? measure.of_phase(*phase) : std::nullopt;
  }
  return std::nullopt;
}

bool is_work(const std::string& measure) {
  return measure == "dollars" ||
         std::any_of(std::begin(kWorkMeasures), std::end(kWorkMeasures),
                     [&](const WorkMeasure& one) { return measure == one.name; });
}

Value evaluate(const claims::Quantity& quantity, const std::vector<Here>& names, const Study& study,
               const Seed& seed, const Positions& positions) {
  std::vector<std::optional<claims::Ranged>> values;
  for (const Here& name : names) {
    const Value value = value_of(name, study, seed, positions);
    values.push_back(value ? std::optional(claims::exactly(*value)) : std::nullopt);
  }
  const auto result = quantity.here->evaluate(values);
  return result ? Value(result->value) : std::nullopt;
}

// Indices of the arms that a formula speaks of and whose steps are not known exactly.
std::vector<size_t> open_arms(const std::vector<Here>& names, const Seed& seed) {
  std::vector<size_t> open;
  const auto& arms = seed.runs.cell().arms;
  for (size_t i = 0; i < arms.size(); ++i) {
    const bool named = std::any_of(names.begin(), names.end(),
                                   [&](const Here& name) { return name.arm == arms[i].name; });
    const auto& standing = seed.comparison->arms[i];
    if (named && standing && (!standing->most || *standing->most != standing->least))
      open.push_back(i);
  }
  return open;
}

// Extends the interval over every combination of ends of the open arms.
void span_corners(const claims::Quantity& quantity, const std::vector<Here>& names,
                  const Study& study, const Seed& seed, const std::vector<size_t>& open,
                  SeedValue& result) {
  for (size_t corner = 0; corner < (size_t{1} << open.size()); ++corner) {
    Positions positions(seed.runs.cell().arms.size(), Position::at);
    for (size_t i = 0; i < open.size(); ++i)
      positions[open[i]] = (corner >> i & 1) != 0 ? Position::most : Position::least;
    const Value value = evaluate(quantity, names, study, seed, positions);
    if (!value) continue;
    result.range = {std::min(result.range.low, *value), std::max(result.range.high, *value)};
  }
}

// What an arm that did not reach, or that its shortest ending reached, leaves open.
void open_ends(const claims::Quantity& quantity, const std::vector<Here>& names, const Study& study,
               const Seed& seed, size_t arm, SeedValue& result) {
  Positions positions(seed.runs.cell().arms.size(), Position::at);
  positions[arm] = Position::beyond;
  const Value beyond = evaluate(quantity, names, study, seed, positions);
  if (!beyond || *beyond == result.value) return;  // does not depend on the arm's steps
  result.falls = *beyond < result.value;
  const Standing& standing = *seed.comparison->arms[arm];
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (standing.reach == Reach::at_most) {
    result.at_most = true;
    positions[arm] = Position::least;
    // A quotient by no steps at all.
    if (!evaluate(quantity, names, study, seed, positions))
      (result.falls ? result.range.high : result.range.low) = result.falls ? kInfinity : -kInfinity;
  }
  if (standing.reach != Reach::not_reached) return;
  result.not_reached = true;
  (result.falls ? result.range.low : result.range.high) = result.falls ? -kInfinity : kInfinity;
}

// "{model, corpus}" of the table's keys, from the row at hand.
std::string row_id(const claims::Quantity& quantity, const claims::ClaimTable& table,
                   const StudyRow& row) {
  if (!quantity.row.empty()) return quantity.row;
  std::vector<std::string> parts;
  for (const std::string& key : table.keys)
    parts.push_back(key == "model" ? row.model : key == "corpus" ? row.corpus : "");
  return join(parts, "/");
}

const claims::ClaimRow* claim_row(const claims::Quantity& quantity, const Study& study,
                                  const StudyRow& row) {
  const claims::ClaimTable* table = study.sources.claims.table(quantity.table);
  return table ? table->row(row_id(quantity, *table, row)) : nullptr;
}

}  // namespace

std::optional<double> value_of(const Here& here, const Study& study, const Seed& seed,
                               const Positions& positions) {
  const auto& arms = seed.runs.cell().arms;
  for (size_t i = 0; i < arms.size(); ++i) {
    if (arms[i].name != here.arm) continue;
    const auto& standing = seed.comparison->arms[i];
    if (!standing) return std::nullopt;
    const ArmAt at{arms[i], *standing, steps_at(*standing, positions[i])};
    return is_work(here.measure) ? work_value(here, study, seed, at) : model_value(here, seed, at);
  }
  return std::nullopt;
}

std::optional<SeedValue> value_of(const claims::Quantity& quantity, const Study& study,
                                  const Seed& seed) {
  if (!seed.comparison || !quantity.here) return std::nullopt;
  std::vector<Here> names;
  for (const claims::Reference& reference : quantity.here->references())
    names.push_back(claims::parse_here(reference.name));
  const Value value =
      evaluate(quantity, names, study, seed, Positions(seed.runs.cell().arms.size(), Position::at));
  if (!value) return std::nullopt;
  SeedValue result;
  result.value = *value;
  result.range = {*value, *value};
  const std::vector<size_t> open = open_arms(names, seed);
  span_corners(quantity, names, study, seed, open, result);
  for (const size_t arm : open) open_ends(quantity, names, study, seed, arm, result);
  return result;
}

std::optional<double> paper_value(const claims::Quantity& quantity, const Study& study,
                                  const StudyRow& row) {
  const claims::ClaimRow* at = claim_row(quantity, study, row);
  if (!quantity.paper || at == nullptr) return std::nullopt;
  const auto value = claims::paper_value(study.sources.claims, quantity, *at);
  return value ? Value(value->value) : std::nullopt;
}

std::string paper_text(const claims::Quantity& quantity, const Study& study, const StudyRow& row) {
  const claims::ClaimTable* table = study.sources.claims.table(quantity.table);
  const claims::ClaimRow* at = claim_row(quantity, study, row);
  if (quantity.paper && quantity.paper->is_single_name() && table && at) {
    const auto column = table->column(quantity.paper->text());
    if (column && !at->cells[*column].printed.empty()) return at->cells[*column].printed;
  }
  const auto value = paper_value(quantity, study, row);
  return value ? format_value(*value, quantity.unit) : "-";
}

std::string format_value(double value, const std::string& unit) {
  if (unit == "%") return std::isfinite(value) ? fixed(100 * value, 1) : significant(value);
  if (unit == "x") return significant(value);
  if (unit == "nats") return loss_text(value);
  if (unit == "steps")
    return std::isfinite(value) ? with_commas(std::llround(value)) : significant(value);
  if (unit == "ppl") return fixed(value, 2);
  return significant(value, 4);
}

}  // namespace repro::findings

#include "findings/values.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

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

// Of what a phase leaves, where that was measured.
Value left_by_phase(const Here& here, const Seed& seed, const plan::PhasePlan& phase) {
  const std::pair<const char*, double Measured::*> kinds[] = {
      {"unseen_loss", &Measured::loss}, {"bits_per_byte", &Measured::bits_per_byte}};
  for (const size_t job : phase.evals) {
    const auto& evaluation = seed.runs[job].evaluation;
    if (!evaluation) continue;
    if (here.measure == "gini") return evaluation->gini;
    const auto found = evaluation->measures.find("unseen");
    if (found == evaluation->measures.end()) continue;
    for (const auto& [name, what] : kinds)
      if (here.measure == name) return found->second.*what;
  }
  return std::nullopt;
}

Value phase_value(const Here& here, const Seed& seed, const ArmAt& at) {
  const plan::PhasePlan* phase = at.arm.phase(here.phase);
  if (phase == nullptr) return std::nullopt;
  if (here.measure != "spike" && here.measure != "recovery_steps")
    return left_by_phase(here, seed, *phase);
  // Of the run on which the arm's ending rests.
  const plan::Ending& ending = at.arm.endings[at.standing.deciding];
  const auto index = static_cast<size_t>(phase - at.arm.phases.data());
  for (const size_t job : ending.rests_on.at(index))
    if (const Training* training = seed.runs.training(job))
      return here.measure == "spike" ? training->spike : training->recovery_steps;
  return std::nullopt;
}

const std::pair<const char*, std::optional<double> Evaluation::*> kEvaluated[] = {
    {"active_share", &Evaluation::active_share},
    {"attention_share", &Evaluation::attention_share},
    {"tokens_per_second", &Evaluation::tokens_per_second},
    {"gini", &Evaluation::gini}};

Value model_value(const Here& here, const Seed& seed, const ArmAt& at) {
  const auto reading = reading_of(at.arm, here.phase);
  if (!reading) return phase_value(here, seed, at);
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
  for (const auto& [name, what] : kEvaluated)
    if (here.measure == name)
      return quality(seed, at, [&](const plan::Ending& ending) -> Value {
        const auto& evaluation = seed.runs[ending.evals[*reading]].evaluation;
        return evaluation ? (*evaluation).*what : std::nullopt;
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

constexpr plan::ClockKind kBilled = plan::ClockKind::billed;

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
    {"device_hours", [](const plan::Work& work) -> Value { return work.device_hours(); },
     [](const plan::PhaseWork& phase) -> Value { return phase.device_hours(); }},
    {"billed_hours", [](const plan::Work& work) -> Value { return work.hours(kBilled); },
     [](const plan::PhaseWork& phase) -> Value { return phase.hours(kBilled); }},
    {"billed_device_hours",
     [](const plan::Work& work) -> Value { return work.device_hours(kBilled); },
     [](const plan::PhaseWork& phase) -> Value { return phase.device_hours(kBilled); }},
};

// Measures in dollars, with the clock that each is billed by.
const std::pair<const char*, plan::ClockKind> kDollars[] = {
    {"dollars", plan::ClockKind::steady}, {"billed_dollars", plan::ClockKind::billed}};

std::optional<plan::ClockKind> clock_of_dollars(const std::string& measure) {
  for (const auto& [name, clock] : kDollars)
    if (measure == name) return clock;
  return std::nullopt;
}

Value dollars(const plan::Work& work, const std::string& phase, plan::ClockKind clock,
              const Prices& prices) {
  const auto bill = measure::bill(work.to_bill(clock, /*overheads=*/!phase.empty()),
                                  [&](const std::string& device) { return prices.of(device); }, {});
  if (phase.empty()) return bill.complete() ? Value(bill.dollars) : std::nullopt;
  for (const measure::PhaseCost& cost : bill.phases)
    if (cost.name == phase) return cost.dollars;
  return std::nullopt;
}

Value work_value(const Here& here, const Seed& seed, const ArmAt& at, const Terms& terms) {
  const auto work = seed.runs.timed(terms.timing).work_at(at.arm, at.steps);
  if (!work) return std::nullopt;
  if (const auto clock = clock_of_dollars(here.measure))
    return dollars(*work, here.phase, *clock, terms.prices);
  for (const WorkMeasure& measure : kWorkMeasures) {
    if (here.measure != measure.name) continue;
    if (here.phase.empty()) return measure.of_arm(*work);
    const plan::PhaseWork* phase = work->phase(here.phase);
    return phase ? measure.of_phase(*phase) : std::nullopt;
  }
  return std::nullopt;
}

bool is_work(const std::string& measure) {
  return clock_of_dollars(measure) ||
         std::any_of(std::begin(kWorkMeasures), std::end(kWorkMeasures),
                     [&](const WorkMeasure& one) { return measure == one.name; });
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

std::optional<double> value_of(const Here& here, const Seed& seed, const Positions& positions,
                               const Terms& terms) {
  const auto& arms = seed.runs.cell().arms;
  for (size_t i = 0; i < arms.size(); ++i) {
    if (arms[i].name != here.arm) continue;
    const auto& standing = seed.comparison->arms[i];
    if (!standing) return std::nullopt;
    const ArmAt at{arms[i], *standing, steps_at(*standing, positions[i])};
    return is_work(here.measure) ? work_value(here, seed, at, terms) : model_value(here, seed, at);
  }
  return std::nullopt;
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

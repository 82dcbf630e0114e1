#include "report/details.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace repro::report {

std::vector<size_t> other_arms(const plan::Cell& cell) {
  std::vector<size_t> others;
  for (size_t i = 0; i < cell.arms.size(); ++i)
    if (i != cell.baseline) others.push_back(i);
  return others;
}

std::string label_of(const findings::StudyRow& row, const findings::Seed& seed, size_t arm) {
  const plan::Cell& cell = seed.runs.cell();
  const std::string text = row.text(seed);
  return other_arms(cell).size() == 1 ? text : text + ", " + cell.arms[arm].name;
}

std::string job_title(const plan::Cell& cell, const plan::ArmPlan& arm,
                      const plan::PhasePlan& phase, size_t index) {
  if (phase.overhead) return phase.name;
  if (&phase != &arm.last())
    return phase.jobs.size() == 1 ? phase.title : fmt::format("{} {}", phase.title, index);
  const bool baseline = &arm == &cell.arms[cell.baseline];
  if (baseline && index == cell.reference) return phase.title;
  if (!baseline && arm.endings.size() == 1) return phase.title;
  return fmt::format("{}, {} steps", phase.title, with_commas(arm.endings.at(index).steps));
}

std::string symbols_of(const plan::ArmPlan& arm) {
  std::vector<std::string> symbols;
  for (const plan::PhasePlan& phase : arm.phases)
    if (!phase.overhead) symbols.push_back(phase.symbol);
  return join(symbols, "+");
}

}  // namespace repro::report

// What is doubtful about a report's numbers, in one list.

#include "report/scores.hpp"
#include "report/view.hpp"

namespace repro::report {

std::vector<std::string> profile_doubts(const findings::Study& study) {
  std::vector<std::string> lines;
  const auto add = [&](const config::Profile& profile) {
    if (const auto doubt = profile.doubt()) lines.push_back(*doubt);
  };
  const auto& profiles = study.sources.profiles;
  for (const auto& [name, profile] : profiles) add(profile);
  if (const auto& machine = study.sources.machine; machine && !profiles.contains(machine->name))
    add(*machine);
  return lines;
}

std::vector<std::string> doubts(const findings::Study& study,
                                const std::vector<findings::Finding>& found) {
  std::vector<std::string> lines;
  const auto append = [&](const std::vector<std::string>& more) {
    lines.insert(lines.end(), more.begin(), more.end());
  };
  if (study.stand_in()) lines.push_back(scope_text(study));
  append(profile_doubts(study));
  append(speed_note(study));
  if (const auto notes = fairness_notes(study); !notes.empty()) lines.push_back(notes.front());
  append(note("timing", study, found));
  append(score_doubts(study));
  if (judged_quantity(study) == nullptr) return lines;
  for (const findings::StudyRow& row : study.rows) {
    const std::string remark =
        row_remark(row, findings::finding(found, study, row, study.view.verdict));
    if (!remark.empty()) lines.push_back(row.text() + ": " + remark);
  }
  return lines;
}

}  // namespace repro::report

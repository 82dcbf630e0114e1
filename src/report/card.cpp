#include "report/card.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "findings/findings.hpp"
#include "findings/numbers.hpp"
#include "findings/values.hpp"
#include "report/card_tally.hpp"
#include "report/details.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

using findings::StudyRow;
using measure::Verdict;

// The quantity as a subject: one with signs of its own is quoted.
std::string subject_of(const claims::Quantity& quantity) {
  const bool plain = quantity.title.find_first_of(":/=") == std::string::npos;
  return plain ? quantity.title : "'" + quantity.title + "'";
}

const plan::ArmPlan& first_other(const Study& study) {
  const plan::Cell& cell = study.plan.cells.front();
  return cell.arms[other_arms(cell).front()];
}

std::string arms_text(const Study& study) {
  return fmt::format("{}: {} against {}", study.experiment().title, first_other(study).title,
                     study.baseline().title);
}

std::string asked_text(const Study& study, const claims::Quantity& judged, const CardTally& tally) {
  const std::string what = arms_text(study);
  if (tally.paper.empty())
    return fmt::format("{}; what is the {}, in {}? No paper prints it", what, subject_of(judged),
                       tally.all_text());
  const std::string sense = judged.sense == "at_least"  ? "at least "
                            : judged.sense == "at_most" ? "at most "
                                                        : "about ";
  return fmt::format("{}; is the {} {}the {} that {} of the paper prints, in {}?", what,
                     subject_of(judged), sense, card_span(tally.paper, judged.unit, true),
                     study.view.title, tally.all_text());
}

std::string of_all(const CardTally& tally, Verdict verdict, const char* word) {
  const size_t count = tally.count(verdict);
  const std::string scope = tally.scope.empty() ? "" : " " + tally.scope;
  if (count == tally.all) return word + scope;
  return fmt::format("{} in {} of {}{}", word, count, tally.all_text(), scope);
}

// Two or three words, with the tone of the worst that is decided.
void stand(const CardTally& tally, Card& card) {
  const size_t good = tally.count(Verdict::reproduced), bad = tally.count(Verdict::not_reproduced);
  if (tally.measured == 0) {
    card.standing = "nothing measured yet";
  } else if (tally.paper.empty()) {
    card.standing = "measured, and held to no published number";
    card.tone = Tone::plain;
  } else if (good + bad == 0) {
    const bool open = tally.count(Verdict::inconclusive) > 0;
    card.standing = open ? "not settled" : "not tested";
    card.tone = open ? Tone::open : Tone::plain;
  } else {
    card.tone = bad > 0 ? Tone::bad : Tone::good;
    std::vector<std::string> parts;
    if (bad > 0) parts.push_back(of_all(tally, Verdict::not_reproduced, "not reproduced"));
    if (good > 0) parts.push_back(of_all(tally, Verdict::reproduced, "reproduced"));
    card.standing = join(parts, ", ");
  }
}

// "the saving is -5 to 7 % here in 6 of 6 cells, above 0 in 5 of them".
std::string estimates_text(const claims::Quantity& judged, const CardTally& tally) {
  std::string text = fmt::format("the {} is {} here in {} of {}", subject_of(judged),
                                 card_span(tally.estimates, judged.unit, false),
                                 tally.estimates.size(), tally.all_text());
  const auto above = static_cast<size_t>(std::count_if(
      tally.estimates.begin(), tally.estimates.end(), [](double v) { return v > 0; }));
  if (judged.unit == "%" && above < tally.estimates.size())
    text +=
        above == 0 ? ", above 0 in none of them" : fmt::format(", above 0 in {} of them", above);
  return text;
}

std::string answer_text(const Study& study, const claims::Quantity& judged,
                        const CardTally& tally) {
  if (tally.measured == 0) return fmt::format("no cell has a number yet: {}", tally.missing);
  std::vector<std::string> parts;
  if (!tally.estimates.empty()) parts.push_back(estimates_text(judged, tally));
  if (!tally.bounds.empty())
    parts.push_back(fmt::format("in {} only a bound is known ({})", tally.many(tally.bounds.size()),
                                join(tally.bounds, ", ")));
  if (!tally.paper.empty())
    parts.push_back(
        fmt::format("{} prints {}", study.view.title, card_span(tally.paper, judged.unit, true)));
  if (tally.measured < tally.all)
    parts.push_back(fmt::format("{} of {} have no number ({})", tally.all - tally.measured,
                                tally.all_text(), tally.missing));
  if (tally.suspect > 0)
    parts.push_back(tally.suspect == 1 ? "one baseline is suspect"
                                       : fmt::format("{} baselines are suspect", tally.suspect));
  return join(parts, "; ");
}

// "stand-ins: the scale mini, and web, reference, essays as corpora".
std::string stand_ins_text(const Study& study) {
  std::vector<std::string> parts;
  if (study.experiment().scale.stand_in)
    parts.push_back("the scale " + study.experiment().scale.name +
                    ", whose models and steps are not the paper's");
  std::vector<std::string> corpora;
  for (const StudyRow& row : study.rows)
    if (!row.stand_in.empty() &&
        std::find(corpora.begin(), corpora.end(), row.stand_in) == corpora.end())
      corpora.push_back(row.stand_in);
  if (!corpora.empty()) parts.push_back(join(corpora, ", ") + " as corpora");
  return "stand-ins: " + join(parts, "; ");
}

std::string evidence_clause(const Study& study, const std::string& level) {
  std::string text = level;
  if (level == measure::name(measure::Evidence::calibrated)) {
    text += ": the step times of these runs";
    if (const std::string machines = machine_text(study); !machines.empty())
      text += " (" + machines + ")";
    std::vector<std::string> origins;
    for (const auto& [profile, speed] : study.timing.speeds().others())
      if (std::find(origins.begin(), origins.end(), speed.origin) == origins.end())
        origins.push_back(speed.origin);
    if (!origins.empty()) text += ", and how fast devices are by " + join(origins, "; ");
  }
  return text;
}

// "at equal speed of the devices the saving would be 7 to 18 %", one each.
std::vector<std::string> other_speed_clauses(const Study& study, const claims::Quantity& judged) {
  std::vector<std::string> clauses;
  if (!findings::depends_on_speed(judged)) return clauses;
  for (const findings::OtherSpeeds& other : findings::other_speeds(study)) {
    const findings::Timing timing = study.timing.with_speeds(other.speeds);
    std::vector<double> values;
    for (const StudyRow& row : study.rows)
      if (const auto value = findings::value_at(judged, study, row, timing))
        values.push_back(value->value);
    if (!values.empty())
      clauses.push_back(fmt::format("at {} of the devices the {} would be {}", other.name,
                                    subject_of(judged), card_span(values, judged.unit, false)));
  }
  return clauses;
}

// Why cells are not decided, each reason once with the number of its cells.
std::vector<std::string> open_clauses(const Study& study, const std::vector<Finding>& found,
                                      const CardTally& tally) {
  std::vector<std::pair<std::string, size_t>> reasons;
  for (const Finding* judged : judged_findings(study, found)) {
    const Tone tone = tone_of(judged->judgement.verdict);
    const std::string& reason = judged->judgement.reason;
    if (tone == Tone::good || tone == Tone::bad || reason.empty()) continue;
    const auto known = std::find_if(reasons.begin(), reasons.end(),
                                    [&](const auto& one) { return one.first == reason; });
    if (known != reasons.end())
      ++known->second;
    else
      reasons.emplace_back(reason, 1);
  }
  std::vector<std::string> clauses;
  for (const auto& [reason, count] : reasons)
    clauses.push_back(fmt::format("open in {}: {}", tally.many(count), reason));
  return clauses;
}

std::vector<std::string> trust_clauses(const Study& study, const std::vector<Finding>& found,
                                       const claims::Quantity* judged, const CardTally& tally) {
  std::vector<std::string> clauses = open_clauses(study, found, tally);
  const auto append = [&](const std::vector<std::string>& more) {
    clauses.insert(clauses.end(), more.begin(), more.end());
  };
  if (study.stand_in()) clauses.push_back(stand_ins_text(study));
  const size_t seeds = study.experiment().seeds.size();
  clauses.push_back(seeds == 1 ? std::string("1 seed a cell")
                               : fmt::format("{} seeds a cell", seeds));
  for (const Finding* one : judged_findings(study, found))
    if (one->evidence != "-") {
      clauses.push_back(evidence_clause(study, one->evidence));
      break;
    }
  if (judged != nullptr) append(other_speed_clauses(study, *judged));
  if (const auto notes = fairness_notes(study); !notes.empty()) clauses.push_back(notes.front());
  append(profile_doubts(study));
  return clauses;
}

}  // namespace

Card make_card(const Study& study, const std::vector<Finding>& found,
               std::vector<CardStep> settle) {
  const claims::Quantity* judged = judged_quantity(study);
  const CardTally tally = tally_of(study, found);
  Card card;
  card.asked = judged != nullptr ? asked_text(study, *judged, tally)
                                 : arms_text(study) + "; " + asked_of_scores(study, tally);
  stand(tally, card);
  card.answer =
      judged != nullptr ? answer_text(study, *judged, tally) : answer_of_scores(study, tally);
  card.trust = trust_clauses(study, found, judged, tally);
  card.settle = std::move(settle);
  card.words = words_of(study, found);
  return card;
}

}  // namespace repro::report

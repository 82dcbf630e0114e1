#pragma once
// The answer before the table: what was asked, what the runs say in one sentence, how far that can
// be trusted, what would settle it, and what the words of the first screen mean. Built from the
// study alone; names of arms and phases come from its plan. One renderer a format.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "findings/finding.hpp"
#include "findings/study.hpp"
#include "report/tone.hpp"

namespace repro::report {

// A way to know more, and what it takes.
struct CardStep {
  std::string aim;      // "the direction here"
  std::string command;  // as it is typed; "" = there is none
  std::string takes;    // "about 25 min on this machine"
};

struct CardWord {
  std::string word;
  std::string meaning;
};

struct Card {
  std::string asked;
  std::string standing;  // "not settled": two or three words
  Tone tone = Tone::open;
  std::string answer;              // one sentence, without a full stop
  std::vector<std::string> trust;  // what it rests on and what keeps it open, a clause each
  std::vector<CardStep> settle;
  std::vector<CardWord> words;
};

// `settle` is the caller's: it takes forecasts, which a report does not make.
Card make_card(const findings::Study& study, const std::vector<findings::Finding>& found,
               std::vector<CardStep> settle = {});

// What a reader meets on the first screen: phases, "here", "range", stand-ins, evidence, verdicts.
std::vector<CardWord> words_of(const findings::Study& study,
                               const std::vector<findings::Finding>& found);

// At most `width` columns; ends with a newline.
std::string to_terminal(const Card& card, size_t width, bool tones = false);
std::string to_markdown(const Card& card);
std::string to_html(const Card& card);
std::string to_latex(const Card& card);
nlohmann::json to_json(const Card& card);

}  // namespace repro::report

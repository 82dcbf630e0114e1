#pragma once
// Whether a text is good news, bad news or neither, for those who can show it in colour. Marked in
// a line by characters that no sanitised text holds, so that only this program's own marks colour
// anything; whoever prints the line replaces them (cli/printing) or never asks for them.

#include <string>

#include "measure/verdict.hpp"

namespace repro::report {

enum class Tone { plain, good, bad, open };

// By verdict; what was not tested is plain.
Tone tone_of(measure::Verdict verdict);
const char* name(Tone tone);  // "good": also a class of the page's style

// Control characters: printable() lets none of them through.
constexpr char kToneBegin = '\x01', kToneEnd = '\x02';
// `text` between marks, kToneBegin followed by the first letter of the tone's name; `text` itself
// when it is plain.
std::string toned(Tone tone, const std::string& text);

}  // namespace repro::report

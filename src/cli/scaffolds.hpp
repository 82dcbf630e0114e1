#pragma once
// Files to begin with, as text of the program (docs/scaffold/, by cmake/EmbedText.cmake).
// "@NAME@" stands for the name.

#include <string_view>

namespace repro::cli {

std::string_view claim_scaffold();
std::string_view manifest_scaffold();
std::string_view profile_scaffold();
std::string_view corpus_scaffold();

}  // namespace repro::cli

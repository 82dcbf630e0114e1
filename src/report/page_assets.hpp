#pragma once
// The page's own style and script (src/report/page/) and the charting library that it holds, as
// text of the program: cmake/EmbedText.cmake makes the source. The library is dygraphs (MIT), whose
// licence stands at its head.

#include <string_view>

namespace repro::report {

std::string_view page_style();
std::string_view page_script();  // one function, called
std::string_view chart_script();
std::string_view chart_style();
std::string_view chart_licence();  // what must stay with it

}  // namespace repro::report

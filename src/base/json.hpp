#pragma once
// The one door for JSON, whoever wrote it.

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace repro {

// Much that is done with a value calls itself for each level: a text of a hundred thousand brackets
// would end the program.
constexpr int kDeepestJson = 200;
bool is_too_deep(std::string_view json_text);

// A value that `is_discarded()` when the text is no JSON, or is deeper than kDeepestJson. `stop`:
// set to the byte at which it is no JSON.
nlohmann::json parse_json(std::string_view text, size_t* stop = nullptr);
// The same with the keys in the text's order.
nlohmann::ordered_json parse_ordered_json(std::string_view text);

// Of a value that must be a whole number of 64 bits. Error when it is another: the library itself
// would cut a fraction off, and has no answer for 1e300.
int64_t whole_number(const nlohmann::json& value);

}  // namespace repro

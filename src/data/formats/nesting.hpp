#pragma once
// How deep the elements of an HTML page stand inside one another, before it is parsed: a look at
// its tags, linear in the page.

#include <cstdint>
#include <string_view>

namespace repro::data {

struct Nesting {
  int64_t deepest = 0;
  int64_t sum = 0;  // over all tags, of the elements open at each: what a parser looks through
};

// Elements that are never closed count as open to the page's end, so this is rather too much than
// too little; those that cannot stand in their like without another in between are left out.
Nesting nesting_of(std::string_view page);

}  // namespace repro::data

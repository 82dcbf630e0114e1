# One folder under src/ is one static library, one namespace and one row of the dependency table in ARCHITECTURE.md.

add_library(repro_settings INTERFACE)
target_include_directories(repro_settings INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_options(repro_settings INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor)
target_compile_definitions(repro_settings INTERFACE
  REPRO_VERSION="${PROJECT_VERSION}")

# repro_library(NAME [LINK target...]): every .cpp of src/NAME, linked to what the folder may include.
function(repro_library name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  if(sources)
    add_library(repro_${name} STATIC ${sources})
    target_link_libraries(repro_${name} PUBLIC repro_settings ${ARG_LINK})
  else()
    add_library(repro_${name} INTERFACE)
    target_link_libraries(repro_${name} INTERFACE repro_settings ${ARG_LINK})
  endif()
endfunction()

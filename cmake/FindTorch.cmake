# LibTorch from its PyPI wheel: -DTorch_ROOT=<.../torch>, else .deps/torch, else the one an active Python imports.
# Defines the target Torch::Torch. No CUDA toolkit is asked for: the wheel's own CUDA libraries load at run time.
set(torch_candidates ${Torch_ROOT} ${PROJECT_SOURCE_DIR}/.deps/torch)
find_path(Torch_DIRECTORY NAMES lib/libtorch_cpu.so PATHS ${torch_candidates} NO_DEFAULT_PATH)
if(NOT Torch_DIRECTORY)
  execute_process(COMMAND python3 -c "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0])"
    OUTPUT_VARIABLE torch_python OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  find_path(Torch_DIRECTORY NAMES lib/libtorch_cpu.so PATHS ${torch_python} NO_DEFAULT_PATH)
endif()

if(Torch_DIRECTORY AND EXISTS ${Torch_DIRECTORY}/version.py)
  file(STRINGS ${Torch_DIRECTORY}/version.py torch_version_line REGEX "^__version__")
  string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" Torch_VERSION "${torch_version_line}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Torch REQUIRED_VARS Torch_DIRECTORY VERSION_VAR Torch_VERSION
  REASON_FAILURE_MESSAGE "run ./bootstrap, or give -DTorch_ROOT=<the torch folder of a Python package>")

if(Torch_FOUND AND NOT TARGET Torch::Torch)
  add_library(Torch::Torch INTERFACE IMPORTED)
  # After the system's headers: the wheel ships an fmt of its own, which must not replace the one that is linked.
  target_compile_options(Torch::Torch INTERFACE "SHELL:-idirafter ${Torch_DIRECTORY}/include"
    "SHELL:-idirafter ${Torch_DIRECTORY}/include/torch/csrc/api/include")
  # LibTorch's own headers then include the operations they need, not all of them.
  target_compile_definitions(Torch::Torch INTERFACE AT_PER_OPERATOR_HEADERS)
  target_link_options(Torch::Torch INTERFACE -Wl,--allow-shlib-undefined)
  target_link_libraries(Torch::Torch INTERFACE
    -Wl,--no-as-needed ${Torch_DIRECTORY}/lib/libtorch_cpu.so ${Torch_DIRECTORY}/lib/libc10.so
    -Wl,--as-needed)
endif()

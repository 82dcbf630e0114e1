# Copies the libraries of `program` that no system package brings (LibTorch, Arrow and what they need) into `folder`, where
# installed programs look, so that their tree needs no checkout.
file(GET_RUNTIME_DEPENDENCIES EXECUTABLES ${program} RESOLVED_DEPENDENCIES_VAR libraries
  UNRESOLVED_DEPENDENCIES_VAR missing CONFLICTING_DEPENDENCIES_PREFIX several)
foreach(name IN LISTS several_FILENAMES)
  list(APPEND libraries ${several_${name}})
endforeach()
if(missing)
  message(FATAL_ERROR "no library ${missing}, which ${program} needs: run ./bootstrap")
endif()
list(FILTER libraries EXCLUDE REGEX "^(/usr)?/lib")
file(INSTALL ${libraries} DESTINATION "${folder}" TYPE SHARED_LIBRARY FOLLOW_SYMLINK_CHAIN)

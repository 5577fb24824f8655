#include "activation/activation.h"
#define CK_LANES 4
#define CK_VARIANT(name) name##_generic
#include "activation/activation_body.h"

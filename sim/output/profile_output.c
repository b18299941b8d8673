/* profile_output.c -- see profile_output.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/profile_output.h"

#include "sim/base/check.h"
#include "sim/input/json.h"

static cJSON *figure_json(const struct figure *figure)
{
    cJSON *json = cJSON_CreateObject();
    CHECK(figure->source != NULL && cJSON_AddNumberToObject(json, "value", figure->value) != NULL &&
          cJSON_AddStringToObject(json, "source", figure->source) != NULL &&
          cJSON_AddStringToObject(json, "kind", figure_kind_name(figure->kind)) != NULL);
    return json;
}

void profile_print(FILE *to, const struct profile *profile)
{
    struct arena arena = ARENA_EMPTY;
    cJSON *root = cJSON_CreateObject();
    CHECK(cJSON_AddStringToObject(root, "name", profile->name) != NULL &&
          cJSON_AddStringToObject(root, "title", profile->title) != NULL);
    cJSON *figures = cJSON_AddObjectToObject(root, "figures");
    for (unsigned i = 0; i < FIGURE_COUNT; i++)
        if (profile->figure[i].kind != FIGURE_ABSENT)
            CHECK(cJSON_AddItemToObject(figures, figure_descriptions[i].name,
                                        figure_json(&profile->figure[i])));
    fprintf(to, "%s\n", json_print(root, &arena));
    cJSON_Delete(root);
    arena_free(&arena);
}

{#- How a file of DfE statistics is read, whichever layout it has. -#}

{#-
    Where a published row is about, from DfE's ten geography columns.
    A joint unit's code is written with one space on each side of the slash, however the file has it.
-#}
{% macro published_area(relation) -%}
    {{ relation }}.time_period::integer as census_year,
    lower({{ relation }}.geographic_level) as area_level,
    case lower({{ relation }}.geographic_level)
        when 'national' then {{ relation }}.country_code
        when 'regional' then {{ relation }}.region_code
        when 'local authority' then regexp_replace({{ relation }}.new_la_code, '\s*/\s*', ' / ', 'g')
    end as area_code,
    coalesce({{ relation }}.la_name, {{ relation }}.region_name, {{ relation }}.country_name) as area_name,
    {{ relation }}.region_code
{%- endmacro %}

{#-
    Wide published rows to one row per cell. A measure is any column that has a `<measure>_status` beside it: the row
    itself says which there are, so a measure added to the raw table needs no line here. A column that the file did
    not have at all (status `absent`) is no cell.
    `cells` is the row as JSON; numbers keep their exact decimals in it.
-#}
{% macro unpivot_measures(relation) -%}
    cross join lateral to_jsonb({{ relation }}) as published_row (cells)
    cross join lateral (
        select left(status_column, -length('_status')) as measure
        from jsonb_object_keys(published_row.cells) as status_column
        where
            right(status_column, length('_status')) = '_status'
            and published_row.cells ->> status_column is distinct from 'absent'
    ) as published_cell
{%- endmacro %}

{% macro cell_value() -%}
    (published_row.cells ->> published_cell.measure)::numeric
{%- endmacro %}

{% macro cell_status() -%}
    published_row.cells ->> (published_cell.measure || '_status')
{%- endmacro %}

{#-
    The symbol of a figure, null where there is a number. A cell left blank, a column that the layout does not have and a
    row that is not there are figures that were not published: `x`.
-#}
{% macro status_or_unavailable(value, status) -%}
    case when {{ value }} is null then coalesce(nullif(nullif({{ status }}, 'absent'), 'blank'), 'x') end
{%- endmacro %}

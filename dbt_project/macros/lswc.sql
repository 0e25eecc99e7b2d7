{#- London Social Work for Children: what counts now, and the arithmetic of months. -#}

{#-
    The rows of a raw table that count now, as `source`: those of the delivery that speaks for their day or month.
    A later delivery restates a day or month whole, so nothing is ever added up twice. `series_column` holds what keeps
    rows of one day or month apart that must never replace each other, where the dataset has that.
-#}
{% macro lswc_rows_that_count(table, dataset, period_column, series_column=none) -%}
periods as (
    select
        delivery_id,
        series,
        period_start,
        is_complete
    from {{ ref('stg_lswc__delivery_periods') }}
    where dataset = '{{ dataset }}'
),

source as (
    select
        delivered.*,
        periods.is_complete
    from {{ source('lswc', table) }} as delivered
    inner join periods
        on
            delivered.delivery_id = periods.delivery_id
            and delivered.{{ period_column }} = periods.period_start
            {% if series_column %}and delivered.{{ series_column }} = periods.series{% endif %}
)
{%- endmacro %}

{% macro month_of(day) -%}
    date_trunc('month', {{ day }})::date
{%- endmacro %}

{% macro month_end(day) -%}
    (date_trunc('month', {{ day }}) + interval '1 month - 1 day')::date
{%- endmacro %}

{#- A part of a whole, to four decimals; null where the whole is zero or either is not there. -#}
{% macro part_of(part, whole, times) -%}
    round({{ times }} * {{ part }} / nullif({{ whole }}, 0)::numeric, 4)
{%- endmacro %}

{#- Why there is no such part: an input is not there (x), the whole is zero (z). Null where there is one. -#}
{% macro part_status(part, whole) -%}
    case
        when {{ part }} is null or {{ whole }} is null then 'x'
        when {{ whole }} = 0 then 'z'
    end
{%- endmacro %}

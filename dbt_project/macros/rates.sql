{#- The one formula of every rate, driven by the row of the indicator in the seed census_indicators. -#}

{#-
    Working days in census year y (1 October y-1 to 30 September y): 253, or 254 where it contains 29 February.
    Source: DfE's published absence rates, which agree with this in every year 2017 to 2024.
-#}
{% macro working_days_in(census_year) -%}
    case
        when {{ census_year }} % 4 = 0 and ({{ census_year }} % 100 <> 0 or {{ census_year }} % 400 = 0) then 254
        else 253
    end
{%- endmacro %}

{#-
    What the numerator is divided by: the denominator, with the numerator added where the rate is a share of both
    together (agency and vacancy rates), times the working days where the rate is of days. Null where it is zero.
-#}
{% macro rate_divisor(numerator, denominator, rule, census_year) -%}
    nullif(
        ({{ denominator }} + case when {{ rule }}.denominator_adds_numerator then {{ numerator }} else 0 end)
        * case when {{ rule }}.uses_working_days then {{ working_days_in(census_year) }} else 1 end,
        0
    )
{%- endmacro %}

{#- Why a rate has no number: an input's symbol, then DfE's `z` for a zero denominator. Null where it has one. -#}
{% macro rate_status(numerator_status, denominator_status, divisor) -%}
    case
        when {{ numerator_status }} is not null then {{ numerator_status }}
        when {{ denominator_status }} is not null then {{ denominator_status }}
        when {{ divisor }} is null then 'z'
    end
{%- endmacro %}

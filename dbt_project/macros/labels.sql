{#- Figures as a person reads them. -#}

{#- A number with thousands separators and DfE's decimals: one, or none for headcounts and cases. -#}
{% macro number_label(number, decimals) -%}
    case
        when {{ decimals }} = 0 then to_char({{ number }}, 'FM999,999,999,990')
        else to_char({{ number }}, 'FM999,999,999,990.0')
    end
{%- endmacro %}

{#- A value, or the symbol that stands for it. -#}
{% macro value_label(value, status, unit, decimals) -%}
    case
        when {{ value }} is null then {{ status }}
        else {{ number_label(value, decimals) }} || case when {{ unit }} = 'percent' then '%' else '' end
    end
{%- endmacro %}

{#- A change on the year before: percentages change by points. -#}
{% macro change_label(change, unit, decimals, census_year) -%}
    case
        when {{ change }} is null then 'not comparable'
        when {{ change }} = 0 then 'no change on ' || ({{ census_year }} - 1)
        else
            case when {{ change }} > 0 then 'up ' else 'down ' end
            || {{ number_label('abs(' ~ change ~ ')', decimals) }}
            || case when {{ unit }} = 'percent' then ' points' else '' end
            || ' on ' || ({{ census_year }} - 1)
    end
{%- endmacro %}

{#- A month as people name it: October 2026. -#}
{% macro month_name(day) -%}
    to_char({{ day }}, 'FMMonth YYYY')
{%- endmacro %}

{#- A change of a count since an earlier month: up 495 (4%) on September 2026. Below 50 a percentage says less than the
    number itself. -#}
{% macro change_since_label(value, change, earlier) -%}
    case
        when {{ change }} is null then 'no comparison with ' || {{ month_name(earlier) }}
        when {{ change }} = 0 then 'no change since ' || {{ month_name(earlier) }}
        else
            case when {{ change }} > 0 then 'up ' else 'down ' end
            || {{ number_label('abs(' ~ change ~ ')', 0) }}
            || case
                when {{ value }} - {{ change }} < 50 then ''
                when abs({{ change }}) < 0.005 * ({{ value }} - {{ change }}) then ' (less than 1%)'
                else ' (' || {{ number_label('100 * abs(' ~ change ~ ') / (' ~ value ~ ' - ' ~ change ~ ')', 0) }} || '%)'
            end
            || ' on ' || {{ month_name(earlier) }}
    end
{%- endmacro %}

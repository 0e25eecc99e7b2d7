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

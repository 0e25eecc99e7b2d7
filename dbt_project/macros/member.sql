{#- Figures of any kind as a person reads them. -#}

{#- A number with thousands separators and as many decimals as its kind has; pounds and percent say so. -#}
{% macro figure_label(number, unit, decimals) -%}
    case when {{ unit }} like 'gbp%' then '£' else '' end
    || to_char(
        {{ number }},
        'FM999,999,999,990' || case when {{ decimals }} > 0 then '.' || repeat('0', {{ decimals }}) else '' end
    )
{%- endmacro %}

{#- A change on an earlier period: up 1.2 points on 2025/26 Q2. What does not show at its decimals is no change. -#}
{% macro change_on_label(change, unit, decimals, earlier_period) -%}
    case
        when {{ change }} is null then 'not comparable'
        when round({{ change }}, {{ decimals }}) = 0 then 'no change on ' || {{ earlier_period }}
        else
            case when {{ change }} > 0 then 'up ' else 'down ' end
            || {{ figure_label('abs(' ~ change ~ ')', unit, decimals) }}
            || case when {{ unit }} = 'percent' then ' points' else '' end
            || ' on ' || {{ earlier_period }}
    end
{%- endmacro %}

{#- Along which dimensions a figure is a part, and where it stands along them; `all` where it is the whole. -#}
{% macro breakdown_of(dimensions) -%}
    coalesce(nullif(concat_ws(', '
    {%- for dimension in dimensions -%}
        , case when {{ dimension }} <> 'all' then '{{ dimension.split('.') | last }}' end
    {%- endfor -%}
    ), ''), 'all')
{%- endmacro %}

{% macro category_of(dimensions) -%}
    coalesce(nullif(concat_ws('|'
    {%- for dimension in dimensions -%}
        , nullif({{ dimension }}, 'all')
    {%- endfor -%}
    ), ''), 'all')
{%- endmacro %}

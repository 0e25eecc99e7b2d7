{#- Leadership in Colour: what its marts say in words. -#}

{#- White is who is compared with; where the Global Majority takes in White minorities, fewer are left in it. -#}
{% macro leadership_group_label(ethnic_group, label, gm_definition) -%}
    case
        when {{ ethnic_group }} = 'white' and {{ gm_definition }} <> 'gm_not_white'
            then 'White, outside the Global Majority'
        else {{ label }}
    end
{%- endmacro %}

{#- What a reader should know about the unit in the year, then what else `parts` say; null where there is nothing. -#}
{% macro leadership_unit_note(figures, units, parts) -%}
    nullif(
        concat_ws(
            ' ',
            case
                when {{ units }}.authorities_in_unit > 1
                    then {{ units }}.authority_names || ' report together; their figures cannot be split.'
            end,
            case
                when {{ units }}.is_very_small
                    then {{ units }}.unit_name || ' has so few social workers that its shares swing from year to year.'
            end,
            case
                when {{ figures }}.units_counted = 0 and {{ figures }}.source = 'dfe'
                    then 'No figures were published for ' || {{ figures }}.as_at_year || '.'
                when {{ figures }}.units_counted = 0
                    then 'No return was received for ' || {{ figures }}.as_at_year || '.'
                when
                    {{ figures }}.source = 'returns'
                    and not {{ is_covered(figures ~ '.units_counted', figures ~ '.units_expected') }}
                    then 'Too few units returned for a figure of the area.'
            end,
            case
                when {{ figures }}.is_carried_forward
                    then
                        'Every figure for ' || {{ figures }}.as_at_year || ' repeats ' || ({{ figures }}.as_at_year - 1)
                        || ': it was probably carried forward, not reported anew.'
            end,
            {{ (parts or ['null']) | join(', ') }}
        ),
        ''
    )
{%- endmacro %}

{#- The sum of an item, null where any row does not give it. -#}
{% macro sum_if_all_given(item) -%}
    case when count(*) = count({{ item }}) then sum({{ item }})::numeric end
{%- endmacro %}

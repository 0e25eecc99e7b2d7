{#- How a return is read, whichever collection it is. -#}

{#- Who sent a row and for which period: the ledger's word, as the same items in a file only confirm it. -#}
{% macro returned_by(submissions) -%}
    {{ submissions }}.submission_id,
    {{ submissions }}.authority_code,
    {{ submissions }}.unit_code,
    {{ submissions }}.period_label,
    {{ submissions }}.period_start,
    {{ submissions }}.period_end
{%- endmacro %}

{#- `Y` and `N`, or `1` and `0`, as a boolean; null stays null. -#}
{% macro flag(column) -%}
    {{ column }} in ('Y', '1')
{%- endmacro %}

{#-
    The sum of an amount over the records that count: 0 where no record does, null where records do and none has the
    amount. A record without the amount is otherwise left out of the sum.
-#}
{% macro total_where(amount, condition) -%}
    case
        when count(*) filter (where {{ condition }}) = 0 then 0
        else sum({{ amount }}) filter (where {{ condition }})
    end
{%- endmacro %}

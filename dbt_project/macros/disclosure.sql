{#-
    The only door by which a count from returns reaches a mart. See models/disclosure/README.md.

    A family is one or more tables of counts that add up to each other, in the model `cells_<family>`: one row per cell,
    margins included, with `table_key`, `cell_key`, `count_in_cell` (null where there is none), `count_status` and any
    measures that go with the count. Which cells to hide besides the small ones is decided by
    `python -m expectations.disclosure_pattern`, between the models tagged `disclosure_cells` and the rest.
-#}

{#- What a cell is called: its table, then its place along each dimension. -#}
{% macro cell_key(columns) -%}
    concat_ws('|', {{ columns | join(', ') }})
{%- endmacro %}

{#- The fingerprint of all counts of a table: a decision made for other counts than these does not hold. -#}
{% macro table_fingerprint(cell_key, count_in_cell) -%}
    md5(string_agg({{ cell_key }} || '=' || coalesce(trim_scale({{ count_in_cell }})::text, ''), ',' order by {{ cell_key }} collate "C"))
{%- endmacro %}

{#-
    The cells of a family as a product may show them: `select` statement with `columns`, `protected_count`,
    `protected_status` and `protected_<measure>` for each of `measures`.

    A cell is `c` where its count is below the product's threshold, where showing it would give such a count away (that may
    be a zero), and where nobody has decided on the table as it is now. Other zeros are shown if the product shows zeros. Everything that goes
    with a count (FTE, cost, pay) is hidden with it. Counts and measures are rounded to the product's base.
-#}
{% macro protected_cells(cells, family, product, columns, measures=[]) -%}
    select
        {% for column in columns %}protected.{{ column }},
        {% endfor %}
        case
            when protected.protected_status is null
                then round(protected.count_in_cell / protected.rounding_base) * protected.rounding_base
        end as protected_count,
        {% for measure in measures %}
        case
            when protected.protected_status is null
                then {{ rounded_to_base('protected.' ~ measure, 'protected.rounding_base') }}
        end as protected_{{ measure }},
        {% endfor %}
        protected.protected_status
    from (
        select
            cells.*,
            products.rounding_base,
            case
                when cells.count_in_cell is null then coalesce(cells.count_status, 'x')
                when products.product = 'own' then null
                when coalesce(decisions.is_hidden, true) then 'c'
                when cells.count_in_cell = 0 and products.shows_zeros then null
                when cells.count_in_cell < products.threshold then 'c'
            end as protected_status
        from {{ cells }} as cells
        cross join (select * from {{ ref('disclosure_products') }} where product = '{{ product }}') as products
        left join (
            select table_key, {{ table_fingerprint('cell_key', 'count_in_cell') }} as fingerprint
            from {{ cells }}
            group by table_key
        ) as fingerprints
            on cells.table_key = fingerprints.table_key
        left join {{ source('disclosure', 'disclosure_decisions') }} as decisions
            on
                decisions.family = '{{ family }}'
                and products.threshold = decisions.threshold
                and cells.cell_key = decisions.cell_key
                and fingerprints.fingerprint = decisions.table_fingerprint
    ) as protected
{%- endmacro %}

{% macro rounded_to_base(amount, base) -%}
    case when {{ base }} = 1 then {{ amount }} else round({{ amount }} / {{ base }}) * {{ base }} end
{%- endmacro %}

{#- One parameter of a product, such as its minimum group for ratios. -#}
{% macro disclosure_parameter(product, parameter) -%}
    (select {{ parameter }} from {{ ref('disclosure_products') }} where product = '{{ product }}')
{%- endmacro %}

{#-
    A percentage from protected counts; no decimals where the whole is below 50, one otherwise. Null where either is
    hidden, not there, or the whole is zero: `share_status` says which.
-#}
{% macro share_pct(part, whole) -%}
    round(100.0 * {{ part }} / nullif({{ whole }}, 0), case when {{ whole }} < 50 then 0 else 1 end)
{%- endmacro %}

{% macro share_status(part_status, whole_status, whole) -%}
    case
        when {{ part_status }} is not null then {{ part_status }}
        when {{ whole_status }} is not null then {{ whole_status }}
        when {{ whole }} = 0 then 'z'
    end
{%- endmacro %}

{#- "31 of 32 units": how much of an area a figure covers. -#}
{% macro coverage_label(units_counted, units_expected) -%}
    {{ units_counted }} || ' of ' || {{ units_expected }} || case when {{ units_expected }} = 1 then ' unit' else ' units' end
{%- endmacro %}

{#- Whether so many of an area's units are enough for a figure of the product. -#}
{% macro is_covered(units_counted, units_expected, product='members') -%}
    ({{ units_counted }} * 100 >= {{ units_expected }} * {{ disclosure_parameter(product, 'minimum_coverage_pct') }})
{%- endmacro %}

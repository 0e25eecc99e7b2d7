{#-
    The statistics of representation, as SQL (domain notes on Leadership in Colour, section 2.6). Arguments are SQL
    expressions of counts; results are double precision, unrounded, and null where there is nothing to divide by.

    The census counts everybody: an interval says whether a gap of this size could be chance given the numbers. It is no
    sampling error.
-#}

{#- A count of a base, from 0 to 1. -#}
{% macro proportion(count, base) -%}
    ({{ count }})::double precision / nullif({{ base }}, 0)::double precision
{%- endmacro %}

{#- Wilson's 95% interval of a share, from 0 to 1. -#}
{% macro wilson_low(count, base) -%}
    {{ _wilson(count, base, '-') }}
{%- endmacro %}

{% macro wilson_high(count, base) -%}
    {{ _wilson(count, base, '+') }}
{%- endmacro %}

{% macro _wilson(count, base, sign) -%}
    (
        (
            {{ proportion(count, base) }} + power(1.96, 2) / (2 * ({{ base }}))
            {{ sign }} 1.96 * sqrt(
                {{ proportion(count, base) }} * (1 - {{ proportion(count, base) }}) / ({{ base }})
                + power(1.96, 2) / (4 * power(({{ base }})::double precision, 2))
            )
        ) / (1 + power(1.96, 2) / ({{ base }}))
    )
{%- endmacro %}

{#- Newcombe's 95% interval of the later share less the earlier one, from -1 to 1: from the two Wilson intervals. -#}
{% macro newcombe_low(count, base, earlier_count, earlier_base) -%}
    (
        {{ proportion(count, base) }} - {{ proportion(earlier_count, earlier_base) }}
        - sqrt(
            power({{ proportion(count, base) }} - {{ wilson_low(count, base) }}, 2)
            + power(
                {{ wilson_high(earlier_count, earlier_base) }} - {{ proportion(earlier_count, earlier_base) }}, 2
            )
        )
    )
{%- endmacro %}

{% macro newcombe_high(count, base, earlier_count, earlier_base) -%}
    (
        {{ proportion(count, base) }} - {{ proportion(earlier_count, earlier_base) }}
        + sqrt(
            power({{ wilson_high(count, base) }} - {{ proportion(count, base) }}, 2)
            + power(
                {{ proportion(earlier_count, earlier_base) }} - {{ wilson_low(earlier_count, earlier_base) }}, 2
            )
        )
    )
{%- endmacro %}

{#- Relative likelihood ratio: the part of the focus group's base that the event happened to, over the reference's. -#}
{% macro likelihood_ratio(focus, focus_base, reference, reference_base) -%}
    ({{ proportion(focus, focus_base) }} / nullif({{ proportion(reference, reference_base) }}, 0))
{%- endmacro %}

{#- Katz's 95% interval of the ratio, on the log scale. Null where either count is zero: there is no interval then. -#}
{% macro katz_low(focus, focus_base, reference, reference_base) -%}
    {{ _katz(focus, focus_base, reference, reference_base, '-') }}
{%- endmacro %}

{% macro katz_high(focus, focus_base, reference, reference_base) -%}
    {{ _katz(focus, focus_base, reference, reference_base, '+') }}
{%- endmacro %}

{% macro _katz(focus, focus_base, reference, reference_base, sign) -%}
    exp(
        ln(nullif({{ likelihood_ratio(focus, focus_base, reference, reference_base) }}, 0))
        {{ sign }} 1.96 * sqrt(
            1 / nullif({{ focus }}, 0)::double precision - 1 / nullif({{ focus_base }}, 0)::double precision
            + 1 / nullif({{ reference }}, 0)::double precision - 1 / nullif({{ reference_base }}, 0)::double precision
        )
    )
{%- endmacro %}

{#-
    A `select` of `key` and `fisher_p`: Fisher's exact test, two-sided, of each table of `tables`, whose columns are
    `focus` of `focus_base` and `reference` of `reference_base`. It adds up the probabilities of all tables with the
    same margins that are no likelier than the one found.

    PostgreSQL has no log gamma, so the log factorials are cumulative sums of logarithms, made once, as an array: entry
    n + 1 is ln(n!). Likelier by less than one in ten million counts as the same: that much is rounding.
-#}
{% macro fisher_two_sided(tables, key) -%}
    with fisher_tables as materialized (
        select
            {{ key }},
            focus::integer as focus,
            focus_base::integer as focus_base,
            reference_base::integer as reference_base,
            (focus + reference)::integer as marginal
        from {{ tables }}
        where
            focus between 0 and focus_base
            and reference between 0 and reference_base
    ),

    log_factorials as materialized (
        select array_agg(summed.log_factorial order by summed.number) as of_number
        from (
            select
                numbers.number,
                sum(ln(greatest(numbers.number, 1)::double precision)) over (
                    order by numbers.number
                ) as log_factorial
            from generate_series(
                0, (select max(fisher_tables.focus_base + fisher_tables.reference_base) from fisher_tables)
            ) as numbers (number)
        ) as summed
    ),

    fisher_terms as (
        select
            fisher_tables.{{ key }},
            possible.focus = fisher_tables.focus as is_found,
            -- What the margins alone contribute is the same in every term, and cancels against their sum.
            - (select log_factorials.of_number from log_factorials)[possible.focus + 1]
            - (select log_factorials.of_number from log_factorials)[fisher_tables.focus_base - possible.focus + 1]
            - (select log_factorials.of_number from log_factorials)[fisher_tables.marginal - possible.focus + 1]
            - (select log_factorials.of_number from log_factorials)[
                fisher_tables.reference_base - fisher_tables.marginal + possible.focus + 1
            ]
            + (select log_factorials.of_number from log_factorials)[fisher_tables.focus_base + 1]
            + (select log_factorials.of_number from log_factorials)[fisher_tables.reference_base + 1]
            + (select log_factorials.of_number from log_factorials)[fisher_tables.marginal + 1]
            + (select log_factorials.of_number from log_factorials)[
                fisher_tables.focus_base + fisher_tables.reference_base - fisher_tables.marginal + 1
            ]
            - (select log_factorials.of_number from log_factorials)[
                fisher_tables.focus_base + fisher_tables.reference_base + 1
            ] as log_probability
        from fisher_tables
        cross join lateral generate_series(
            greatest(0, fisher_tables.marginal - fisher_tables.reference_base),
            least(fisher_tables.focus_base, fisher_tables.marginal)
        ) as possible (focus)
    ),

    fisher_compared as (
        select
            {{ key }},
            log_probability,
            max(log_probability) filter (where is_found) over (partition by {{ key }}) as log_probability_found
        from fisher_terms
    )

    select
        {{ key }},
        -- A term below e^-700 is no number that double precision has, and adds nothing.
        least(1, coalesce(sum(exp(log_probability)) filter (
            where log_probability <= log_probability_found + 1e-7 and log_probability > -700
        ), 0)) as fisher_p
    from fisher_compared
    group by {{ key }}
{%- endmacro %}

{#-
    Cochran-Armitage test of a trend, as an aggregate over tiers: z from each tier's score, the focus group's count and
    the count of both groups. Below zero: the focus group's share falls as the score rises. Null where everybody is of
    one group.
-#}
{% macro cochran_armitage_z(score, count, base) -%}
    (
        (
            sum({{ score }} * {{ count }})
            - sum({{ score }} * {{ base }}) * {{ proportion(_sum(count), _sum(base)) }}
        )
        / nullif(sqrt(
            {{ proportion(_sum(count), _sum(base)) }} * (1 - {{ proportion(_sum(count), _sum(base)) }})
            * (
                sum({{ base }} * {{ score }} * {{ score }})
                - power(sum({{ base }} * {{ score }})::double precision, 2) / nullif(sum({{ base }}), 0)
            )
        ), 0)
    )
{%- endmacro %}

{% macro _sum(amount) -%}
    sum({{ amount }})
{%- endmacro %}

{#- Two-sided p of a z, from the normal distribution. -#}
{% macro two_sided_p(z) -%}
    erfc(abs({{ z }}) / sqrt(2::double precision))
{%- endmacro %}

{#- How a ratio stands to the four-fifths band, 0.80 to 1.25 (after the US EEOC): no test of significance. -#}
{% macro four_fifths_band(ratio) -%}
    case
        when {{ ratio }} < 0.8 then 'below'
        when {{ ratio }} > 1.25 then 'above'
        when {{ ratio }} is not null then 'within'
    end
{%- endmacro %}

{#- A share from 0 to 1 as a percentage, without decimals where its base is below 50 and with one otherwise. -#}
{% macro as_percent(share, base) -%}
    round((100 * {{ share }})::numeric, case when {{ base }} < 50 then 0 else 1 end)
{%- endmacro %}

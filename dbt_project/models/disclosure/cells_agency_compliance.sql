{{ config(materialized='table', tags=['disclosure_cells'], post_hook='analyze {{ this }}') }}

-- Everything that adds up to a quarter's assignments in one table: as most rules are about every assignment, their
-- counts in scope are one number, and hiding it for one rule while another shows it would hide nothing.
with places as (
    select place_code, place_level, unit_code from {{ ref('int_agency__places') }}
),

place_quarters as (
    select
        unit_code as place_code,
        unit_level as place_level,
        period_label,
        period_start,
        period_end,
        units_counted,
        units_expected,
        is_covered,
        is_synthetic
    from {{ ref('int_agency__place_quarters') }}
),

-- An outcome counts in its own cell and in every whole it is part of.
counted_as (outcome, cell) as (
    values
    ('compliant', 'in_scope'),
    ('compliant', 'known'),
    ('compliant', 'compliant'),
    ('non_compliant', 'in_scope'),
    ('non_compliant', 'known'),
    ('non_compliant', 'non_compliant'),
    ('non_compliant', 'other_breach'),
    ('approved_breach', 'in_scope'),
    ('approved_breach', 'known'),
    ('approved_breach', 'non_compliant'),
    ('approved_breach', 'approved_breach'),
    ('unknown', 'in_scope'),
    ('unknown', 'unknown'),
    ('out_of_scope', 'out_of_scope')
),

kinds as (
    select distinct cell from counted_as
),

quarters as (
    select distinct period_start, period_end from place_quarters
),

rules as (
    select rule, rule_code, authority_of_rule, parameter, rule = 'R2' as has_breaches
    from {{ ref('agency_compliance_rules') }}
    where is_judged
),

-- A rule that holds on no day of the quarter is not applicable in it. All of them together always are.
rules_in_quarter as (
    select distinct rules.rule, quarters.period_end
    from rules
    cross join quarters
    left join {{ ref('agency_rules') }} as asked
        on
            rules.rule_code = asked.rule_code
            and rules.authority_of_rule = asked.authority
            and rules.parameter = asked.parameter
            and quarters.period_end >= asked.valid_from
            and quarters.period_start <= coalesce(asked.valid_to, date '9999-12-31')
            and asked.value is distinct from 'false'
    where rules.rule_code is null or asked.rule_code is not null
),

-- Counts of two rules that differ by few: the rules hold for the same assignments but for those few, or one is broken
-- wherever the other is. What is in both and what is in one alone are cells, so that the difference is protected too.
pairs (rule, other_rule, cell) as (
    values
    ('R4', 'R6', 'in_scope'),
    ('R4', 'R7', 'in_scope'),
    ('R4', 'all', 'in_scope'),
    ('R5', 'R5_LONDON', 'in_scope'),
    ('R5', 'R5_LONDON', 'unknown'),
    ('R5', 'R5_LONDON', 'non_compliant')
),

pair_cells as (
    select
        rule,
        other_rule,
        cell,
        rule || '_with_' || other_rule || '.' || cell as of_both,
        rule || '_without_' || other_rule || '.' || cell as of_rule,
        other_rule || '_without_' || rule || '.' || cell as of_other_rule
    from pairs
),

role_types as (
    select role_type from {{ ref('agency_role_types') }}
    union all
    select 'all' as role_type
),

payment_bases as (
    select distinct payment_basis from {{ ref('price_caps') }}
),

-- The cells of a place: every rule's outcomes; those of the price cap by payment basis too. An authority has them over
-- all roles only: nearly every count of one role in one authority is below the threshold.
cells_there as (
    select 'assignments' as outcome, null as rule, 'assignments' as cell, null as payment_basis, false as is_for_areas
    union all
    select
        unnest(array[of_both, of_rule, of_other_rule]) as outcome,
        null as rule,
        cell,
        null as payment_basis,
        false as is_for_areas
    from pair_cells
    union all
    select
        rules.rule || '.' || kinds.cell as outcome,
        rules.rule,
        kinds.cell,
        null as payment_basis,
        false as is_for_areas
    from rules
    cross join kinds
    where rules.has_breaches or kinds.cell not in ('approved_breach', 'other_breach')
    union all
    select
        rules.rule || '.' || kinds.cell || '.' || payment_bases.payment_basis as outcome,
        rules.rule,
        kinds.cell,
        payment_bases.payment_basis,
        true as is_for_areas
    from rules
    cross join kinds
    cross join payment_bases
    where rules.has_breaches and kinds.cell in ('known', 'compliant', 'non_compliant')
),

matrix as (
    select
        place_quarters.place_code,
        place_quarters.period_label,
        place_quarters.period_start,
        place_quarters.period_end,
        place_quarters.is_synthetic,
        place_quarters.units_counted,
        place_quarters.units_expected,
        place_quarters.is_covered,
        role_types.role_type,
        cells_there.outcome,
        cells_there.rule,
        cells_there.cell,
        cells_there.payment_basis,
        cells_there.rule is null
        or cells_there.cell = 'out_of_scope'
        or rules_in_quarter.rule is not null as is_applicable
    from place_quarters
    cross join role_types
    cross join cells_there
    left join rules_in_quarter
        on cells_there.rule = rules_in_quarter.rule and place_quarters.period_end = rules_in_quarter.period_end
    where
        place_quarters.place_level <> 'authority'
        or (role_types.role_type = 'all' and not cells_there.is_for_areas)
),

outcomes as (
    select
        submission_id,
        assignment_id,
        unit_code,
        period_end,
        role_type,
        payment_basis,
        rule,
        outcome,
        headroom_gbp
    from {{ ref('int_agency__rule_outcomes') }}
),

by_unit as (
    select
        unit_code,
        period_end,
        role_type,
        payment_basis,
        rule,
        outcome,
        count(*) as assignments
    from outcomes
    group by unit_code, period_end, role_type, payment_basis, rule, outcome
),

into_cells as (
    select
        by_unit.unit_code,
        by_unit.period_end,
        by_unit.role_type,
        by_unit.payment_basis,
        by_unit.rule,
        counted_as.cell,
        by_unit.assignments
    from by_unit
    inner join counted_as on by_unit.outcome = counted_as.outcome
),

in_cells as (
    select
        outcomes.submission_id,
        outcomes.assignment_id,
        outcomes.unit_code,
        outcomes.period_end,
        outcomes.role_type,
        outcomes.rule,
        counted_as.cell
    from outcomes
    inner join counted_as on outcomes.outcome = counted_as.outcome
),

-- Each assignment once for each pair it is in: by both rules, or by one alone.
paired as (
    select
        in_cells.unit_code,
        in_cells.period_end,
        in_cells.role_type,
        case
            when count(*) = 2 then pair_cells.of_both
            when max(in_cells.rule) = pair_cells.rule then pair_cells.of_rule
            else pair_cells.of_other_rule
        end as outcome
    from in_cells
    inner join pair_cells
        on in_cells.cell = pair_cells.cell and in_cells.rule in (pair_cells.rule, pair_cells.other_rule)
    group by
        in_cells.submission_id,
        in_cells.assignment_id,
        in_cells.unit_code,
        in_cells.period_end,
        in_cells.role_type,
        pair_cells.rule,
        pair_cells.of_both,
        pair_cells.of_rule,
        pair_cells.of_other_rule
),

named_cells as (
    select unit_code, period_end, role_type, 'assignments' as outcome, assignments
    from by_unit
    where rule = 'all'
    union all
    select unit_code, period_end, role_type, rule || '.' || cell as outcome, assignments
    from into_cells
    union all
    select unit_code, period_end, role_type, rule || '.' || cell || '.' || payment_basis as outcome, assignments
    from into_cells
    union all
    select unit_code, period_end, role_type, outcome, count(*) as assignments
    from paired
    group by unit_code, period_end, role_type, outcome
),

counts as (
    select
        places.place_code,
        named_cells.period_end,
        coalesce(named_cells.role_type, 'all') as role_type,
        named_cells.outcome,
        sum(named_cells.assignments) as assignments
    from named_cells
    inner join places on named_cells.unit_code = places.unit_code
    group by
        places.place_code,
        named_cells.period_end,
        named_cells.outcome,
        grouping sets ((named_cells.role_type), ())
),

-- Goes with the count of rates compared with a cap, in an area.
headrooms as (
    select
        places.place_code,
        outcomes.period_end,
        coalesce(outcomes.role_type, 'all') as role_type,
        outcomes.rule || '.known.' || outcomes.payment_basis as outcome,
        percentile_cont(0.5) within group (order by outcomes.headroom_gbp) as median_headroom_gbp
    from outcomes
    inner join rules on outcomes.rule = rules.rule and rules.has_breaches
    inner join places on outcomes.unit_code = places.unit_code and places.place_level <> 'authority'
    where outcomes.outcome not in ('unknown', 'out_of_scope')
    group by
        places.place_code,
        outcomes.period_end,
        outcomes.rule,
        outcomes.payment_basis,
        grouping sets ((outcomes.role_type), ())
),

final as (
    select
        {{ cell_key(['matrix.period_label', 'matrix.place_code', 'matrix.role_type', 'matrix.outcome']) }} as cell_key,
        matrix.period_label as table_key,
        matrix.place_code as unit_code,
        matrix.period_label,
        matrix.period_start,
        matrix.period_end,
        matrix.role_type,
        matrix.outcome,
        matrix.rule,
        matrix.cell,
        matrix.payment_basis,
        -- An area that too few units sent for has its count here all the same, or London would not be the sum of its
        -- halves; the marts leave it out.
        case when matrix.is_applicable and matrix.units_counted > 0 then coalesce(counts.assignments, 0) end
            as count_in_cell,
        case
            when not matrix.is_applicable then 'z'
            when matrix.units_counted = 0 then 'x'
        end as count_status,
        case when matrix.is_applicable then round(headrooms.median_headroom_gbp::numeric, 2) end as median_headroom_gbp,
        -- Everybody knows that a rule in force for every assignment leaves none out of scope. Whom the rule on cooling
        -- off is about, nobody knows. The family's file tells the audit the same.
        matrix.cell = 'out_of_scope' and exists (
            select asked.rule_code
            from {{ ref('agency_rules') }} as asked
            where
                asked.scope = 'ALL'
                and asked.authority = 'DFE'
                and asked.rule_code in ('R2', 'R4', 'R6', 'R7')
                and matrix.rule in (asked.rule_code, 'all')
                and matrix.period_start >= asked.valid_from
                and matrix.period_end <= coalesce(asked.valid_to, date '9999-12-31')
        ) as is_already_public,
        matrix.units_counted,
        matrix.units_expected,
        matrix.is_covered,
        matrix.is_synthetic
    from matrix
    left join counts
        on
            matrix.place_code = counts.place_code
            and matrix.period_end = counts.period_end
            and matrix.role_type = counts.role_type
            and matrix.outcome = counts.outcome
    left join headrooms
        on
            matrix.place_code = headrooms.place_code
            and matrix.period_end = headrooms.period_end
            and matrix.role_type = headrooms.role_type
            and matrix.outcome = headrooms.outcome
)

select * from final
